internal import UV

/// A trigger that a worker has registered.
///
/// Registrations are not acknowledged: an engine reports failures only, and engines before 0.14 do not even report these.
public final class Trigger: Sendable, Identifiable {
  /// The trigger's id, a UUID that stays the same over reconnections.
  public let id: String
  /// The id of its type.
  public let type: String

  let registration: RegisterTriggerMessage
  private let end: @Sendable () -> Void
  private let error = Lock<IIIInvocationError?>(nil)

  init(_ registration: RegisterTriggerMessage, end: @escaping @Sendable () -> Void) {
    id = registration.id
    type = registration.type
    self.registration = registration
    self.end = end
  }

  /// Why the trigger is not registered, if the engine or the type's provider has reported it; else `nil`.
  public var registrationError: IIIInvocationError? { error.withLock { $0 } }

  func fail(_ error: IIIInvocationError) { self.error.withLock { $0 = error } }

  /// Ends the trigger; a second call does nothing.
  public func unregister() { end() }
}

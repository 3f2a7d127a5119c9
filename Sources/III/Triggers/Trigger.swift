internal import UV

/// A trigger that a worker has registered.
///
/// Registrations are not acknowledged: an engine tells of a failure only, and one before 0.14 not even that.
public final class Trigger: Sendable, Identifiable {
  /// The trigger's id, a UUID that stays the same over reconnections.
  public let id: String
  /// The type that it was registered for.
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

  /// Why the trigger is not in force, if its engine or the type's provider said so; `nil` as long as nobody did.
  public var registrationError: IIIInvocationError? { error.withLock { $0 } }

  func fail(_ error: IIIInvocationError) { self.error.withLock { $0 = error } }

  /// Ends the trigger; a second call does nothing.
  public func unregister() { end() }
}

internal import UV

/// A trigger that a worker has registered.
///
/// Registrations are not acknowledged: an engine reports failures only, and engines before 0.14 do not report them either.
public final class Trigger: Sendable, Identifiable {
  /// The trigger's id, a UUID that does not change when the worker reconnects.
  public let id: String
  /// The id of the trigger's type.
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

  /// Ends the trigger; a second call has no effect.
  public func unregister() { end() }
}

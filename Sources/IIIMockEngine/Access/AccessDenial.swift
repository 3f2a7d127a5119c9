/// Something that access control denied.
///
/// See ``MockEngine/denials`` and ``MockEngine/waitForDenial(of:count:within:)``.
public struct AccessDenial: Sendable, Hashable, CustomStringConvertible {
  /// What was attempted.
  public enum Attempt: String, Sendable, Hashable {
    /// A call, whatever its action.
    case call
    /// A connection, on `/` or `/otel`.
    case connection
    /// The registration of a function.
    case functionRegistration = "function registration"
    /// The registration of a trigger.
    case triggerRegistration = "trigger registration"
    /// The registration of a trigger type.
    case triggerTypeRegistration = "trigger type registration"
  }

  /// What was attempted.
  public let attempt: Attempt
  /// The id of the function, trigger or trigger type as the worker sent it; of a connection, the id of the auth function.
  public let id: String
  /// The worker that attempted it. A refused connection has no id: its label has the path and the client's address.
  public let worker: WorkerLabel
  /// Which rule decided: `not exposed by rbac.expose_functions`.
  public let reason: String

  /// One line with all of it: `call of 'orders::charge' by web (3f2a90c1): not exposed by rbac.expose_functions`.
  public var description: String {
    let what = attempt == .connection ? "connection, by '\(id)'," : "\(attempt.rawValue) of '\(id)'"
    return "\(what) \(attempt == .connection ? "of" : "by") \(worker): \(reason)"
  }
}

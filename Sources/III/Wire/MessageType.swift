/// The kinds of messages between workers and engine: the `type` member of a frame.
///
/// Mirrors `MessageType` of the Python SDK, with the kinds that later engines added.
public enum MessageType: String, Sendable, Codable, CaseIterable {
  /// A worker offers a function.
  case registerFunction = "registerfunction"
  /// A worker withdraws a function.
  case unregisterFunction = "unregisterfunction"
  /// A worker names a service.
  case registerService = "registerservice"
  /// A call, to the engine and on to the callee.
  case invokeFunction = "invokefunction"
  /// The result of a call, to the engine and on to the caller.
  case invocationResult = "invocationresult"
  /// A worker provides a trigger type.
  case registerTriggerType = "registertriggertype"
  /// A worker withdraws a trigger type.
  case unregisterTriggerType = "unregistertriggertype"
  /// A worker asks for a trigger, and the engine its provider.
  case registerTrigger = "registertrigger"
  /// A worker withdraws a trigger, and the engine tells its provider.
  case unregisterTrigger = "unregistertrigger"
  /// A provider's, or the engine's, answer to a trigger.
  case triggerRegistrationResult = "triggerregistrationresult"
  /// The engine's greeting with the worker's id.
  case workerRegistered = "workerregistered"
  /// A sign of life is asked for.
  case ping
  /// A sign of life.
  case pong
  /// The engine refuses a name (0.23).
  case registrationRejected = "registrationrejected"
  /// A worker takes its old connection's place (0.21.8).
  case reattach
}

/// The kinds of messages between workers and engine: the `type` member of a frame.
///
/// Mirrors `MessageType` of the Python SDK, with the kinds that later engines added.
public enum MessageType: String, Sendable, Codable, CaseIterable {
  /// A worker registers a function.
  case registerFunction = "registerfunction"
  /// A worker unregisters a function.
  case unregisterFunction = "unregisterfunction"
  /// A worker registers a service.
  case registerService = "registerservice"
  /// A call, to the engine and on to the callee.
  case invokeFunction = "invokefunction"
  /// The result of a call, to the engine and on to the caller.
  case invocationResult = "invocationresult"
  /// A worker provides a trigger type.
  case registerTriggerType = "registertriggertype"
  /// A worker unregisters a trigger type.
  case unregisterTriggerType = "unregistertriggertype"
  /// A worker registers a trigger; the engine sends it on to the provider of its type.
  case registerTrigger = "registertrigger"
  /// A worker unregisters a trigger; the engine sends it on to the provider of its type.
  case unregisterTrigger = "unregistertrigger"
  /// The answer of a provider, or of the engine, to a trigger's registration.
  case triggerRegistrationResult = "triggerregistrationresult"
  /// The engine's first message, with the worker's id.
  case workerRegistered = "workerregistered"
  /// Keep-alive request.
  case ping
  /// Keep-alive answer.
  case pong
  /// The engine refuses a worker's name or a function (0.23).
  case registrationRejected = "registrationrejected"
  /// A worker replaces its previous connection (0.21.8).
  case reattach
}

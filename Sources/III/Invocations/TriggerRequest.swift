/// A call with everything that can be said about it; results and payload are plain JSON.
///
/// ```swift
/// let sum = try await iii.trigger(TriggerRequest(functionID: "math::add", payload: ["a": 2, "b": 3]))
/// ```
///
/// Mirrors `TriggerRequest` of the Python SDK.
public struct TriggerRequest: Sendable, Hashable {
  /// The function to call.
  public var functionID: String
  /// What it gets; `null` unless given.
  public var payload: JSONValue
  /// How the call is delivered; nil waits for the result.
  public var action: TriggerAction?
  /// How long to wait for the result; nil takes the worker's `InitOptions.invocationTimeout`.
  public var timeout: Duration?
  /// What travels beside the payload, for handlers that look at it; engines before 0.21 drop it.
  public var metadata: JSONValue?
  /// The function's namespace; nil is `default`. Engines before 0.23 know none.
  public var namespace: String?

  /// Makes a request.
  public init(
    functionID: String, payload: JSONValue = .null, action: TriggerAction? = nil, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) {
    self.functionID = functionID
    self.payload = payload
    self.action = action
    self.timeout = timeout
    self.metadata = metadata
    self.namespace = namespace
  }
}

/// A call with all of its options; payload and result are JSON.
///
/// ```swift
/// let sum = try await iii.trigger(TriggerRequest(functionID: "math::add", payload: ["a": 2, "b": 3]))
/// ```
///
/// Mirrors `TriggerRequest` of the Python SDK.
public struct TriggerRequest: Sendable, Hashable {
  /// The function to call.
  public var functionID: String
  /// The function's payload; `null` by default.
  public var payload: JSONValue
  /// How the call is delivered; `nil` waits for the result.
  public var action: TriggerAction?
  /// How long to wait for the result; `nil` uses the worker's `InitOptions.invocationTimeout`.
  public var timeout: Duration?
  /// Sent with the call, in addition to the payload; engines before 0.21 drop it.
  public var metadata: JSONValue?
  /// The function's namespace; `nil` uses the worker's own. Engines before 0.23 do not support namespaces.
  public var namespace: String?

  /// Creates a request.
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

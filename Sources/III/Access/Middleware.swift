/// The input of a middleware function, which is called in place of the function that the caller named.
///
/// The engine does not call that function; the middleware may call it. What the middleware returns is the caller's result. The middleware's
/// id is `middleware_function_id` of a listener.
///
/// ```swift
/// try worker.registerFunction("gate::audit") { (call: MiddlewareFunctionInput) async throws -> JSONValue in
///   print(call.functionID, call.context)
///   return try await worker.trigger(call.functionID, payload: call.payload)
/// }
/// ```
public struct MiddlewareFunctionInput: Sendable, Hashable, Codable {
  /// The function that was called.
  public var functionID: String
  /// The caller's payload, as it was sent.
  public var payload: JSONValue
  /// How the function was called: `nil` for a call that waits, else an object with `type` (`void` or `enqueue`).
  public var action: JSONValue?
  /// The context that the caller's authentication returned; `{}` without authentication.
  public var context: JSONValue
  /// The caller's namespace, from engines since 0.23.
  public var namespace: String?

  /// Creates an input, for tests of a middleware function.
  public init(
    functionID: String, payload: JSONValue = nil, action: JSONValue? = nil, context: JSONValue = [:],
    namespace: String? = nil
  ) {
    self.functionID = functionID
    self.payload = payload
    self.action = action
    self.context = context
    self.namespace = namespace
  }

  private enum CodingKeys: String, CodingKey {
    case functionID = "function_id"
    case payload, action, context, namespace
  }

  /// Decodes an input; a missing payload or context is null.
  ///
  /// - Throws: `DecodingError` if there is no function id.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      functionID: try members.decode(String.self, forKey: .functionID),
      payload: try members.decodeIfPresent(JSONValue.self, forKey: .payload) ?? nil,
      action: try members.decodeIfPresent(JSONValue.self, forKey: .action),
      context: try members.decodeIfPresent(JSONValue.self, forKey: .context) ?? nil,
      namespace: try members.decodeIfPresent(String.self, forKey: .namespace))
  }
}

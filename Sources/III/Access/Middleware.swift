/// What a middleware function is called with, in place of the function that was called.
///
/// The engine does not call that function: the middleware does, if it wants to, and what it returns is the caller's
/// result. The middleware's id is `middleware_function_id` of a listener.
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
  /// How the function was called: nil for a call that waits, else an object with `type` (`void` or `enqueue`).
  public var action: JSONValue?
  /// The context that the caller's authentication returned; `{}` where nobody is authenticated.
  public var context: JSONValue
  /// The caller's namespace, from engines since 0.23.
  public var namespace: String?

  /// An input of these members, for tests of a middleware function.
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

  /// Decodes an input; a payload or a context that is left out is null.
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

/// What an auth function is called with: a connection that asks to become a worker.
///
/// ```swift
/// try worker.registerFunction("auth::check") { (input: AuthInput) async throws -> AuthResult in
///   guard input.headers["x-token"] == "valid" else { throw IIIInvocationError(code: "DENIED", message: "invalid token") }
///   return AuthResult(allowedFunctions: ["orders::list"], context: ["user": "ada"])
/// }
/// ```
///
/// The auth function's id is `rbac.auth_function_id` of a listener. Its error refuses the connection: the worker gets
/// the error's message, with the code `AUTH_ERROR`.
public struct AuthInput: Sendable, Hashable, Codable {
  /// The headers of the connection's request: names in lower case, the last value of each. A header whose value is
  /// not visible ASCII is left out.
  public var headers: [String: String]
  /// The query of the worker's address, as it was sent: nothing is decoded, repeated names keep all values.
  public var queryParams: [String: [String]]
  /// The worker's address without its port, as `127.0.0.1`.
  public var ipAddress: String

  /// An input of these members, for tests of an auth function.
  public init(headers: [String: String] = [:], queryParams: [String: [String]] = [:], ipAddress: String = "127.0.0.1") {
    self.headers = headers
    self.queryParams = queryParams
    self.ipAddress = ipAddress
  }

  private enum CodingKeys: String, CodingKey {
    case headers
    case queryParams = "query_params"
    case ipAddress = "ip_address"
  }
}

/// What an auth function returns: what the worker's session may do.
public struct AuthResult: Sendable, Hashable, Codable {
  /// Functions that the worker may call besides those that the listener exposes: exact ids, no patterns.
  public var allowedFunctions: [String]
  /// Functions that the worker must not call, whatever else allows them: exact ids, no patterns.
  public var forbiddenFunctions: [String]
  /// The types of triggers that the worker may register; nil: every type, empty: none.
  public var allowedTriggerTypes: [String]?
  /// Whether the worker may register trigger types. False where an auth function leaves it out.
  public var allowTriggerTypeRegistration: Bool
  /// Whether the worker may register functions.
  public var allowFunctionRegistration: Bool
  /// Goes with `::` in front of the ids of all functions that the worker registers.
  public var functionRegistrationPrefix: String?
  /// Given to middleware and registration hooks with every call of theirs; any JSON.
  public var context: JSONValue
  /// Functions that the worker may call, by namespace: exact ids and patterns, for engines since 0.23.
  public var namespaces: [String: [String]]

  /// A session that may register functions and call what the listener exposes, unless told otherwise.
  public init(
    allowedFunctions: [String] = [], forbiddenFunctions: [String] = [], allowedTriggerTypes: [String]? = nil,
    allowTriggerTypeRegistration: Bool = false, allowFunctionRegistration: Bool = true,
    functionRegistrationPrefix: String? = nil, context: JSONValue = [:], namespaces: [String: [String]] = [:]
  ) {
    self.allowedFunctions = allowedFunctions
    self.forbiddenFunctions = forbiddenFunctions
    self.allowedTriggerTypes = allowedTriggerTypes
    self.allowTriggerTypeRegistration = allowTriggerTypeRegistration
    self.allowFunctionRegistration = allowFunctionRegistration
    self.functionRegistrationPrefix = functionRegistrationPrefix
    self.context = context
    self.namespaces = namespaces
  }

  private enum CodingKeys: String, CodingKey {
    case allowedFunctions = "allowed_functions"
    case forbiddenFunctions = "forbidden_functions"
    case allowedTriggerTypes = "allowed_trigger_types"
    case allowTriggerTypeRegistration = "allow_trigger_type_registration"
    case allowFunctionRegistration = "allow_function_registration"
    case functionRegistrationPrefix = "function_registration_prefix"
    case context, namespaces
  }

  /// Decodes a result; what is left out has the engine's default.
  ///
  /// - Throws: `DecodingError` if a member has another type.
  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      allowedFunctions: try members.decodeIfPresent([String].self, forKey: .allowedFunctions) ?? [],
      forbiddenFunctions: try members.decodeIfPresent([String].self, forKey: .forbiddenFunctions) ?? [],
      allowedTriggerTypes: try members.decodeIfPresent([String].self, forKey: .allowedTriggerTypes),
      allowTriggerTypeRegistration: try members.decodeIfPresent(Bool.self, forKey: .allowTriggerTypeRegistration)
        ?? false,
      allowFunctionRegistration: try members.decodeIfPresent(Bool.self, forKey: .allowFunctionRegistration) ?? true,
      functionRegistrationPrefix: try members.decodeIfPresent(String.self, forKey: .functionRegistrationPrefix),
      context: try members.decodeIfPresent(JSONValue.self, forKey: .context) ?? [:],
      namespaces: try members.decodeIfPresent([String: [String]].self, forKey: .namespaces) ?? [:])
  }

  /// Encodes the members that an engine reads; empty namespaces are left out, which engines before 0.23 do not know.
  ///
  /// - Throws: What the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: CodingKeys.self)
    try members.encode(allowedFunctions, forKey: .allowedFunctions)
    try members.encode(forbiddenFunctions, forKey: .forbiddenFunctions)
    try members.encodeIfPresent(allowedTriggerTypes, forKey: .allowedTriggerTypes)
    try members.encode(allowTriggerTypeRegistration, forKey: .allowTriggerTypeRegistration)
    try members.encode(allowFunctionRegistration, forKey: .allowFunctionRegistration)
    try members.encodeIfPresent(functionRegistrationPrefix, forKey: .functionRegistrationPrefix)
    try members.encode(context, forKey: .context)
    if !namespaces.isEmpty { try members.encode(namespaces, forKey: .namespaces) }
  }
}

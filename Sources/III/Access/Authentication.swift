/// The input of an auth function: a connection that asks to become a worker.
///
/// ```swift
/// try worker.registerFunction("auth::check") { (input: AuthInput) async throws -> AuthResult in
///   guard input.headers["x-token"] == "valid" else { throw IIIInvocationError(code: "DENIED", message: "invalid token") }
///   return AuthResult(allowedFunctions: ["orders::list"], context: ["user": "ada"])
/// }
/// ```
///
/// The auth function's id is `rbac.auth_function_id` of a listener. An error that it throws refuses the connection: the worker receives the
/// error's message with the code `AUTH_ERROR`.
public struct AuthInput: Sendable, Hashable, Codable {
  /// The headers of the connection's request: names in lower case, the last value of each name. A header whose value is not visible ASCII
  /// is left out.
  public var headers: [String: String]
  /// The query of the worker's address, as it was sent: nothing is decoded, and a repeated name keeps all its values.
  public var queryParams: [String: [String]]
  /// The worker's address without its port, as `127.0.0.1`.
  public var ipAddress: String

  /// Creates an input, for tests of an auth function.
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

/// The result of an auth function: what the worker's session may do.
public struct AuthResult: Sendable, Hashable, Codable {
  /// Functions that the worker may call in addition to those that the listener exposes: exact ids, no patterns.
  public var allowedFunctions: [String]
  /// Functions that the worker must not call, even if something else allows them: exact ids, no patterns.
  public var forbiddenFunctions: [String]
  /// The trigger types whose triggers the worker may register: `nil` for every type, empty for none.
  public var allowedTriggerTypes: [String]?
  /// Whether the worker may register trigger types; `false` if an auth function leaves it out.
  public var allowTriggerTypeRegistration: Bool
  /// Whether the worker may register functions.
  public var allowFunctionRegistration: Bool
  /// A prefix: the engine puts it and `::` before the ids of all functions that the worker registers.
  public var functionRegistrationPrefix: String?
  /// Passed to middleware and registration hooks at every call; any JSON.
  public var context: JSONValue
  /// Functions that the worker may call, by namespace: exact ids and patterns, for engines since 0.23.
  public var namespaces: [String: [String]]

  /// Creates a result. By default the session may register functions and call what the listener exposes.
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

  /// Decodes a result; a missing member has the engine's default.
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

  /// Encodes the members that an engine reads. Empty namespaces are left out, because engines before 0.23 do not support them.
  ///
  /// - Throws: The encoder's errors.
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

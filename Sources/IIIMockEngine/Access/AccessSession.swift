internal import III

/// What a connection may do, as its authentication left it; it does not change while the connection lives.
struct AccessSession {
  /// Exact ids.
  private(set) var allowedFunctions = ByteTable<Bool>()
  private(set) var forbiddenFunctions = ByteTable<Bool>()
  /// Patterns that engines since 0.23 read from `namespaces.default`.
  private(set) var grants: [WildcardPattern] = []
  /// Nil: every type; empty: none.
  private(set) var allowedTriggerTypes: [[UInt8]]?
  private(set) var allowsTriggerTypeRegistration = true
  private(set) var allowsFunctionRegistration = true
  /// JSON, given to middleware and hooks.
  private(set) var context: [UInt8] = Array("{}".utf8)
  private(set) var registrationPrefix: String?

  /// The session of a connection that nobody authenticated.
  init() {}

  var hasLists: Bool { forbiddenFunctions.count > 0 || allowedFunctions.count > 0 || !grants.isEmpty }

  func forbids(_ id: ByteView) -> Bool { forbiddenFunctions.count > 0 && forbiddenFunctions.find(id) != nil }
  func allows(_ id: ByteView) -> Bool { allowedFunctions.count > 0 && allowedFunctions.find(id) != nil }
  func grants(_ id: ByteView) -> Bool { !grants.isEmpty && grants.contains { $0.matches(id) } }

  func mayRegisterTrigger(ofType type: ByteView) -> Bool {
    allowedTriggerTypes.map { types in types.contains { $0.withView { $0 == type } } } ?? true
  }
}

// MARK: The result of an auth function

extension AccessSession {
  /// Why the result of an auth function cannot be used, in the words of the real engine's decoder.
  struct Refusal: Error, Equatable {
    let message: String

    static let noResult = Refusal(message: "auth function returned no result")
  }

  /// Reads the result of an auth function: an object, or its members as an array, in the order of `positions`.
  init(authResult value: JSONValue?, readsNamespaces: Bool) throws(Refusal) {
    switch value {
    case nil, .null?: throw .noResult
    case .object(let members)?: self = try AccessSession(members, readsNamespaces: readsNamespaces)
    case .array(let values)?:
      guard values.count <= Self.positions.count else {
        throw Refusal(message: "invalid length \(values.count), expected fewer elements in array")
      }
      var members = JSONObject()
      for (name, value) in zip(Self.positions, values) { members[name] = .some(value) }
      self = try AccessSession(members, readsNamespaces: false)
    case let other?: throw Refusal(invalid: other, expected: "struct AuthResult")
    }
  }

  private static let positions = [
    "allowed_functions", "forbidden_functions", "allowed_trigger_types", "allow_trigger_type_registration",
    "allow_function_registration", "context", "function_registration_prefix",
  ]

  /// The members are read in the order of their names: of several wrong ones the first is reported.
  private init(_ members: JSONObject, readsNamespaces: Bool) throws(Refusal) {
    allowsFunctionRegistration = try Self.flag(members["allow_function_registration"]) ?? true
    allowsTriggerTypeRegistration = try Self.flag(members["allow_trigger_type_registration"]) ?? false
    for id in try Self.strings(members["allowed_functions"]) ?? [] { Self.insert(id, into: &allowedFunctions) }
    if let types = members["allowed_trigger_types"], types != .null {
      allowedTriggerTypes = try Self.strings(types)?.map { Array($0.utf8) }
    }
    if let context = members["context"] { self.context = context.jsonBytes }
    for id in try Self.strings(members["forbidden_functions"]) ?? [] { Self.insert(id, into: &forbiddenFunctions) }
    switch members["function_registration_prefix"] {
    case nil, .null?: break
    case .string(let prefix)?: registrationPrefix = prefix
    case let other?: throw Refusal(invalid: other, expected: "a string")
    }
    if readsNamespaces, case .array(let grants)? = members["namespaces"]?["default"] {
      self.grants = grants.compactMap(Self.grant)
    }
  }

  private static func insert(_ id: String, into table: inout ByteTable<Bool>) {
    table.set(ByteKey(id), true)
  }

  private static func flag(_ value: JSONValue?) throws(Refusal) -> Bool? {
    guard let value else { return nil }
    guard case .bool(let flag) = value else { throw Refusal(invalid: value, expected: "a boolean") }
    return flag
  }

  private static func strings(_ value: JSONValue?) throws(Refusal) -> [String]? {
    guard let value else { return nil }
    guard case .array(let values) = value else { throw Refusal(invalid: value, expected: "a sequence") }
    var strings: [String] = []
    strings.reserveCapacity(values.count)
    for value in values {
      guard case .string(let text) = value else { throw Refusal(invalid: value, expected: "a string") }
      strings.append(text)
    }
    return strings
  }

  /// A grant is an exact id or a pattern, bare or as `match("…")`.
  private static func grant(_ value: JSONValue) -> WildcardPattern? {
    guard case .string(let text) = value else { return nil }
    return WildcardPattern(FunctionFilter.quotedPattern(text) ?? text)
  }
}

extension AccessSession.Refusal {
  fileprivate init(invalid value: JSONValue, expected: String) {
    message = BuiltInInput.Mismatch.invalidType(value, expected: expected).reason
  }
}

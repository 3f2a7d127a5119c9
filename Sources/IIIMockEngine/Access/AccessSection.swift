internal import III

/// Reads `rbac` of a listener's entry in a configuration file.
struct AccessSection {
  private(set) var rules = AccessRules()
  /// What the file says and this engine does not act on, a line each.
  private(set) var warnings: [String] = []
  private let entry: WorkerEntry

  private static let keys = [
    "auth_function_id", "expose_functions", "on_function_registration_function_id",
    "on_trigger_registration_function_id", "on_trigger_type_registration_function_id",
  ]

  init(_ node: YAMLNode, of entry: WorkerEntry) throws(ConfigurationFault) {
    self.entry = entry
    guard case .mapping(let members) = node.content else {
      throw entry.rejection(
        "rbac: invalid type: \(node.kindForMessage), expected struct RbacConfig", at: node.position)
    }
    for member in members { try read(member) }
  }

  private mutating func read(_ member: YAMLNode.Member) throws(ConfigurationFault) {
    switch member.key {
    case "auth_function_id": rules.authFunctionID = try functionID(member)
    case "on_function_registration_function_id": rules.onFunctionRegistrationFunctionID = try functionID(member)
    case "on_trigger_registration_function_id": rules.onTriggerRegistrationFunctionID = try functionID(member)
    case "on_trigger_type_registration_function_id": rules.onTriggerTypeRegistrationFunctionID = try functionID(member)
    case "expose_functions":
      guard case .sequence(let nodes) = member.value.content else {
        let found = member.value.isNull ? "null" : member.value.kindForMessage
        throw entry.rejection("invalid type: \(found), expected a sequence", at: member.value.position)
      }
      for node in nodes { rules.exposeFunctions.append(try filter(node)) }
    default:
      let meant = NearestName.of(member.key, among: Self.keys).map { " (did you mean `\($0)`?)" } ?? ""
      warnings.append("unknown key `\(member.key)` of `rbac`; line \(member.position.line): ignored\(meant)")
    }
  }

  private func functionID(_ member: YAMLNode.Member) throws(ConfigurationFault) -> String? {
    switch member.value.content {
    case .null: return nil
    case .string(let id): return id
    default:
      throw entry.rejection(
        "\(member.key): invalid type: \(member.value.kindForMessage), expected a string", at: member.value.position)
    }
  }

  // MARK: Filters

  private mutating func filter(_ node: YAMLNode) throws(ConfigurationFault) -> FunctionFilter {
    switch node.content {
    case .string(let text):
      let trimmed = text.trimmingWhitespace()
      guard let pattern = FunctionFilter.quotedPattern(trimmed) else {
        throw entry.rejection(
          "expected match(\"pattern\"), got: \(trimmed)", at: node.position,
          hint: "write the pattern as match(\"\(Self.suggestion(for: trimmed))\")")
      }
      return .matching(pattern)
    case .mapping(let members): return .metadata(try conditions(members, of: node))
    default:
      throw entry.rejection(
        "invalid type: \(node.kindForMessage), expected a match(\"pattern\") string or a map with 'metadata' key",
        at: node.position)
    }
  }

  private mutating func conditions(
    _ members: [YAMLNode.Member], of node: YAMLNode
  ) throws(ConfigurationFault) -> [FunctionFilter.Condition] {
    guard case .mapping(let wanted)? = node["metadata"]?.content, !wanted.isEmpty else {
      let other = members.first { $0.key != "metadata" }?.key
      throw entry.rejection(
        "expected a 'metadata' key with filter conditions", at: node.position,
        hint: other.flatMap { NearestName.of($0, among: ["metadata"]) }.map { "did you mean `\($0)`?" })
    }
    for member in members where member.key != "metadata" {
      warnings.append(
        "the key `\(member.key)` beside `metadata` in a filter has no effect; line \(member.position.line)")
    }
    return wanted.map { member in
      if case .string(let text) = member.value.content, let pattern = FunctionFilter.quotedPattern(text) {
        return .matching(member.key, pattern)
      }
      return .equals(member.key, member.value.json)
    }
  }

  private static func suggestion(for text: String) -> String {
    var text = text
    if text.hasPrefix("match(") { text.removeFirst(6) }
    return String(text.filter { !"\"'()".contains($0) })
  }
}

extension YAMLNode {
  /// The value as JSON: infinities and NaN have no form there and become null.
  fileprivate var json: JSONValue {
    switch content {
    case .null: .null
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .double(let value): value.isFinite ? .double(value) : .null
    case .string(let value): .string(value)
    case .sequence(let nodes): .array(nodes.map(\.json))
    case .mapping(let members):
      .object(
        members.reduce(into: JSONObject()) { $0[$1.key] = .some($1.value.json) })
    }
  }
}

extension String {
  fileprivate func trimmingWhitespace() -> String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}

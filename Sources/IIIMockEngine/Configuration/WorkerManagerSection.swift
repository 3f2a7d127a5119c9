/// An entry of the worker manager: a listener.
struct WorkerManagerSection {
  let entry: WorkerEntry
  /// Without `host` the engine listens at all addresses, as the real one does.
  private(set) var listener = ConfigurationFile.Listener(host: "0.0.0.0")

  /// Origins of web pages that may connect.
  private(set) var allowedOrigins: [String] = []

  /// What the file says and this engine does not act on, a line each.
  private(set) var warnings: [String] = []

  private static let keys = [
    "port", "host", "middleware_function_id", "rbac", "handshake_timeout_ms", "allowed_origins",
  ]

  init(_ entry: WorkerEntry) throws(ConfigurationFault) {
    self.entry = entry
    for member in try entry.members(known: Self.keys) {
      switch (member.key, member.value.content) {
      case ("port", .int(let value)):
        guard let port = UInt16(exactly: value) else {
          throw entry.rejection(
            "port: invalid value: \(member.value.kindForMessage), expected u16", at: member.value.position,
            hint: "ports go from 0 (any free one) to 65535")
        }
        listener.port = port
      case ("port", _): throw mismatch(member, expected: "u16")
      case ("host", .string(let host)) where !host.isEmpty: listener.host = host
      case ("allowed_origins", .sequence(let nodes)):
        for node in nodes {
          guard case .string(let origin) = node.content, !origin.isEmpty else {
            throw mismatch("allowed_origins", node, expected: "an origin, as https://app.example")
          }
          allowedOrigins.append(origin)
        }
      case ("allowed_origins", _): throw mismatch(member, expected: "a sequence of origins")
      case ("rbac", .null), ("middleware_function_id", .null): break
      case ("rbac", _):
        let section = try AccessSection(member.value, of: entry)
        listener.access = section.rules
        warnings += section.warnings
      case ("middleware_function_id", .string(let id)): listener.middlewareFunctionID = id
      case ("middleware_function_id", _): throw mismatch(member, expected: "a string")
      case ("host", _): throw mismatch(member, expected: "a host name or an address")
      case (_, .int(0...)): break
      default: throw mismatch(member, expected: "u64")
      }
    }
  }

  private func mismatch(_ member: YAMLNode.Member, expected: String) -> ConfigurationFault {
    mismatch(member.key, member.value, expected: expected)
  }

  private func mismatch(_ key: String, _ value: YAMLNode, expected: String) -> ConfigurationFault {
    var hint: String?
    if expected.hasPrefix("u"), case .string(let text) = value.content, Int(text) != nil {
      hint = "a value in quotes is a text; write the number without quotes"
    }
    return entry.rejection(
      "\(key): invalid type: \(value.kindForMessage), expected \(expected)", at: value.position, hint: hint)
  }
}

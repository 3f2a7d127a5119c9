/// An entry of the worker manager: a listener.
struct WorkerManagerSection {
  let entry: WorkerEntry
  /// Without `host` the engine listens at all addresses, as the real one does.
  private(set) var listener = ConfigurationFile.Listener(host: "0.0.0.0")

  private static let keys = ["port", "host", "handshake_timeout_ms"]

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
      case ("host", _): throw mismatch(member, expected: "a host name or an address")
      case (_, .int(0...)): break
      default: throw mismatch(member, expected: "u64")
      }
    }
  }

  private func mismatch(_ member: YAMLNode.Member, expected: String) -> ConfigurationFault {
    var hint: String?
    if expected.hasPrefix("u"), case .string(let text) = member.value.content, Int(text) != nil {
      hint = "a value in quotes is a text; write the number without quotes"
    }
    return entry.rejection(
      "\(member.key): invalid type: \(member.value.kindForMessage), expected \(expected)",
      at: member.value.position, hint: hint)
  }
}

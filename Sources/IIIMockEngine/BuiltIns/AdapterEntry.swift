/// The `adapter` of a worker's entry: `{name, config}`.
struct AdapterEntry {
  let name: String
  /// Where the name is in the file.
  let position: SourcePosition
  /// The adapter's own settings.
  let members: [YAMLNode.Member]

  /// - Parameters:
  ///   - available: The names that the real engine knows.
  ///   - needsMap: Whether a `config` that is no map is refused; otherwise it counts as absent.
  init(
    _ node: YAMLNode, of entry: WorkerEntry, available: [String], needsMap: Bool = true
  ) throws(ConfigurationFault) {
    guard case .mapping(let parts) = node.content else {
      throw entry.rejection(
        "adapter: invalid type: \(node.kindForMessage), expected struct AdapterEntry", at: node.position,
        hint: "an adapter is written `adapter: {name: \(available[0])}`")
    }
    if let unknown = parts.first(where: { $0.key != "name" && $0.key != "config" }) {
      throw entry.rejection("unknown field `\(unknown.key)`, expected `name` or `config`", at: unknown.position)
    }
    guard let name = node["name"] else { throw entry.rejection("missing field `name`", at: node.position) }
    guard case .string(let text) = name.content else {
      throw entry.rejection("adapter.name: invalid type: \(name.kindForMessage), expected a string", at: name.position)
    }
    guard available.contains(text) else {
      let list = available.map { "\"\($0)\"" }.joined(separator: ", ")
      let meant = NearestName.of(text, among: available)
      throw entry.rejection(
        "Adapter factory '\(text)' not found. Available: [\(list)]", at: name.position,
        hint: meant.map { "did you mean `\($0)`?" })
    }
    self.name = text
    position = name.position
    guard let config = node["config"], !config.isNull else {
      members = []
      return
    }
    guard case .mapping(let settings) = config.content else {
      guard needsMap else {
        members = []
        return
      }
      throw entry.rejection(
        "adapter.config: invalid type: \(config.kindForMessage), expected a map", at: config.position)
    }
    members = settings
  }
}

extension WorkerEntry {
  /// The entry's adapter, which must be the only setting; `nil` if none is named.
  func onlyAdapter(available: [String]) throws(ConfigurationFault) -> AdapterEntry? {
    for member in try members(known: ["adapter"]) where !member.value.isNull {
      return try AdapterEntry(member.value, of: self, available: available)
    }
    return nil
  }
}

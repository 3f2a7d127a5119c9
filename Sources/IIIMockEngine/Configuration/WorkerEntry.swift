/// One entry of `workers` or `modules`.
struct WorkerEntry {
  /// The name as written, and its canonical form.
  let name: String
  let canonicalName: String
  let position: SourcePosition
  /// A mapping, or null.
  let config: YAMLNode?

  /// Keys of access control. Where they would have no effect, the engine does not start: it would run open instead.
  private static let accessKeys = ["rbac", "middleware_function_id"]

  /// Reads an entry; messages call it `place`, as `workers[1]`.
  init(_ node: YAMLNode, place: String) throws(ConfigurationFault) {
    guard case .mapping = node.content else {
      throw ConfigurationFault(
        "\(place): invalid type: \(node.kindForMessage), expected struct WorkerEntry", at: node.position,
        hint: "an entry is written `- name: iii-worker-manager`")
    }
    guard let name = node["name"] else {
      throw ConfigurationFault("\(place): missing field `name`", at: node.position)
    }
    guard case .string(let text) = name.content else {
      throw ConfigurationFault(
        "\(place).name: invalid type: \(name.kindForMessage), expected a string", at: name.position)
    }
    self.name = text
    canonicalName = WorkerNames.canonical(text)
    position = name.position
    config = node["config"]
    try check(node)
  }

  /// Refuses keys that must not be ignored, whatever the worker does with the others.
  private func check(_ node: YAMLNode) throws(ConfigurationFault) {
    if let image = node.member("image"), !image.value.isNull, WorkerNames.isBuiltIn(canonicalName) {
      throw rejection(
        "Worker '\(name)' is a built-in worker and cannot have an 'image' field. Remove 'image' or use a different name.",
        at: image.position)
    }
    let isManager = canonicalName == WorkerNames.workerManager
    for key in Self.accessKeys {
      guard let member = node.member(key) ?? (isManager ? nil : config?.member(key)) else { continue }
      throw rejection(
        "`\(key)` has no effect here, and the engine will not run open instead", at: member.position,
        hint: "`\(key)` belongs under `config` of an entry `- name: \(WorkerNames.workerManager)`")
    }
  }

  /// The members of `config`, whose keys must be among `known`.
  func members(known: [String]) throws(ConfigurationFault) -> [YAMLNode.Member] {
    guard let config, !config.isNull else { return [] }
    guard case .mapping(let members) = config.content else {
      throw rejection("invalid type: \(config.kindForMessage), expected a map", at: config.position)
    }
    if let unknown = members.first(where: { !known.contains($0.key) }) {
      let list =
        known.count == 2
        ? "`\(known[0])` or `\(known[1])`" : "one of " + known.map { "`\($0)`" }.joined(separator: ", ")
      let meant = NearestName.of(unknown.key, among: known)
      throw rejection(
        "unknown field `\(unknown.key)`, expected \(list)", at: unknown.position,
        hint: meant.map { "did you mean `\($0)`?" })
    }
    return members
  }

  /// The fault of a worker that cannot be started with its configuration.
  func refusal(_ reason: String, at position: SourcePosition, hint: String? = nil) -> ConfigurationFault {
    ConfigurationFault(
      "failed to initialize worker '\(name)': \(reason)", at: position, hint: hint, kind: .rejected)
  }

  /// The fault of a worker that rejects its configuration.
  func rejection(_ reason: String, at position: SourcePosition, hint: String? = nil) -> ConfigurationFault {
    ConfigurationFault(
      "failed to create worker '\(name)': Failed to create \(name): \(reason)", at: position, hint: hint,
      kind: .rejected)
  }
}

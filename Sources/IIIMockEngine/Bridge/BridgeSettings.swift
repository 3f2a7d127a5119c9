/// Another engine whose functions are called here, and that calls functions of this one.
struct BridgeSettings: BuiltInSettings {
  static let workerName = "iii-bridge"
  static let presence = BuiltInPresence.listed

  /// A function of the other engine that is called by an id of this one.
  struct Forward: Sendable, Equatable {
    var localFunction: String
    var remoteFunction: String
    var timeout = Duration.seconds(30)
  }

  /// A function of this engine that the other one has.
  struct Exposure: Sendable, Equatable {
    var localFunction: String
    var remoteFunction: String
  }

  var url: String
  var forwards: [Forward] = []
  var exposures: [Exposure] = []

  init(environment: Variables, isOn: Bool) { url = environment["III_URL"] ?? "ws://0.0.0.0:49134" }

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    self.init(environment: environment, isOn: true)
    for member in try entry.members(known: ["url", "expose", "forward"]) {
      switch (member.key, member.value.content) {
      case (_, .null): break
      case ("url", .string(let url)) where !url.isEmpty: self.url = url
      case ("expose", .sequence(let nodes)):
        for node in nodes {
          let fields = try BridgeFields(node, of: entry, known: ["local_function", "remote_function"])
          let local = try fields.required("local_function")
          exposures.append(
            Exposure(localFunction: local, remoteFunction: try fields.text("remote_function") ?? local))
        }
      case ("forward", .sequence(let nodes)):
        for node in nodes {
          let fields = try BridgeFields(node, of: entry, known: ["local_function", "remote_function", "timeout_ms"])
          var forward = Forward(
            localFunction: try fields.required("local_function"), remoteFunction: try fields.required("remote_function")
          )
          if let timeout = try fields.milliseconds("timeout_ms") { forward.timeout = timeout }
          forwards.append(forward)
        }
      default:
        throw entry.rejection(
          "\(member.key): invalid type: \(member.value.kindForMessage), expected "
            + (member.key == "url" ? "a string" : "a sequence"), at: member.value.position)
      }
    }
  }

  func replaces(_ old: any BuiltInSettings) -> Bool { true }

  func makeWorker() -> any BuiltInWorker { BridgeWorker(self) }
}

/// The members of an entry of `expose` or `forward`.
private struct BridgeFields {
  private let node: YAMLNode
  private let entry: WorkerEntry

  init(_ node: YAMLNode, of entry: WorkerEntry, known: [String]) throws(ConfigurationFault) {
    self.node = node
    self.entry = entry
    guard case .mapping(let members) = node.content else {
      throw entry.rejection("invalid type: \(node.kindForMessage), expected a map", at: node.position)
    }
    if let unknown = members.first(where: { !known.contains($0.key) }) {
      throw entry.rejection(
        "unknown field `\(unknown.key)`, expected one of " + known.map { "`\($0)`" }.joined(separator: ", "),
        at: unknown.position, hint: NearestName.of(unknown.key, among: known).map { "did you mean `\($0)`?" })
    }
  }

  func text(_ key: String) throws(ConfigurationFault) -> String? {
    guard let value = node[key], !value.isNull else { return nil }
    guard case .string(let text) = value.content else {
      throw entry.rejection("\(key): invalid type: \(value.kindForMessage), expected a string", at: value.position)
    }
    return text
  }

  func required(_ key: String) throws(ConfigurationFault) -> String {
    guard let text = try text(key) else { throw entry.rejection("missing field `\(key)`", at: node.position) }
    return text
  }

  func milliseconds(_ key: String) throws(ConfigurationFault) -> Duration? {
    guard let value = node[key], !value.isNull else { return nil }
    guard case .int(let number) = value.content, number >= 0 else {
      throw entry.rejection("\(key): invalid type: \(value.kindForMessage), expected u64", at: value.position)
    }
    return .milliseconds(number)
  }
}

extension AdapterEntry {
  /// The setting of a `bridge` adapter.
  func bridgeURL(of entry: WorkerEntry) throws(ConfigurationFault) -> String {
    var url = EngineLink.defaultURL
    for member in members {
      guard member.key == "bridge_url", case .string(let text) = member.value.content else {
        throw entry.rejection(
          member.key == "bridge_url"
            ? "bridge_url: invalid type: \(member.value.kindForMessage), expected a string"
            : "unknown field `\(member.key)`, expected `bridge_url`", at: member.position)
      }
      url = text
    }
    return url
  }
}

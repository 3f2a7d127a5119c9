/// Which URLs functions may be called at.
struct HTTPFunctionsSettings: BuiltInSettings {
  static let workerName = "iii-http-functions"

  /// An engine without a file is meant for one machine.
  var policy = HTTPTargetPolicy.open
  /// Where the credentials of functions come from.
  var environment: Variables

  init(environment: Variables, isOn: Bool) { self.environment = environment }

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    self.environment = environment
    policy = HTTPTargetPolicy()
    for member in try entry.members(known: ["security"]) where !member.value.isNull {
      guard case .mapping(let members) = member.value.content else {
        throw entry.rejection(
          "security: invalid type: \(member.value.kindForMessage), expected struct SecurityConfig",
          at: member.value.position)
      }
      for member in members { try read(member, of: entry) }
    }
  }

  private mutating func read(_ member: YAMLNode.Member, of entry: WorkerEntry) throws(ConfigurationFault) {
    let keys = ["url_allowlist", "block_private_ips", "require_https"]
    switch (member.key, member.value.content) {
    case ("url_allowlist", .sequence(let nodes)):
      var patterns: [String] = []
      for node in nodes {
        guard case .string(let pattern) = node.content else {
          throw entry.rejection(
            "security.url_allowlist: invalid type: \(node.kindForMessage), expected a string", at: node.position)
        }
        patterns.append(pattern)
      }
      if !patterns.isEmpty { policy.allowlist = patterns }
    case ("block_private_ips", .bool(let value)): policy.blocksPrivateAddresses = value
    case ("require_https", .bool(let value)): policy.requiresHTTPS = value
    case (let key, _) where keys.contains(key):
      throw entry.rejection(
        "security.\(key): invalid type: \(member.value.kindForMessage), expected "
          + (key == "url_allowlist" ? "a sequence" : "a boolean"), at: member.value.position)
    default:
      throw entry.rejection(
        "security: unknown field `\(member.key)`, expected one of " + keys.map { "`\($0)`" }.joined(separator: ", "),
        at: member.position, hint: NearestName.of(member.key, among: keys).map { "did you mean `\($0)`?" })
    }
  }

  func makeWorker() -> any BuiltInWorker { HTTPFunctionsWorker(self) }
}

extension MockEngine.BuiltIn {
  /// `iii-http-functions`: functions that are registered with a URL, which the engine calls.
  public static let httpFunctions = MockEngine.BuiltIn(name: HTTPFunctionsSettings.workerName)
}

extension MockEngine.Configuration {
  /// Which URLs the engine calls for functions that are registered with one.
  public struct HTTPFunctionTargets: Sendable, Hashable {
    /// Patterns of hosts, with `*` for any text and `?` for any byte; `["*"]` by default.
    public var allowedHosts = ["*"]
    /// Whether addresses of this machine, of local networks and reserved ones are refused: those that a host's name
    /// resolves to, and those that are connected to. Off by default, because the servers of tests are on this machine; a
    /// configuration file has it on.
    public var blocksPrivateAddresses = false
    /// Whether `http://` is refused. Off by default; a configuration file has it on.
    public var requiresHTTPS = false

    /// Everything is allowed.
    public init() {}
  }

  /// Which URLs the engine calls for functions that are registered with one.
  public var httpFunctionTargets: HTTPFunctionTargets {
    get {
      let policy = selection.find(HTTPFunctionsSettings.self)?.policy ?? .open
      var targets = HTTPFunctionTargets()
      targets.allowedHosts = policy.allowlist
      targets.blocksPrivateAddresses = policy.blocksPrivateAddresses
      targets.requiresHTTPS = policy.requiresHTTPS
      return targets
    }
    set {
      var settings =
        selection.find(HTTPFunctionsSettings.self) ?? HTTPFunctionsSettings(environment: .process, isOn: true)
      settings.policy = HTTPTargetPolicy(
        allowlist: newValue.allowedHosts, blocksPrivateAddresses: newValue.blocksPrivateAddresses,
        requiresHTTPS: newValue.requiresHTTPS)
      selection.set(settings)
    }
  }
}

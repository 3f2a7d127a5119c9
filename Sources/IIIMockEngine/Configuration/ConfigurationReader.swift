/// Reads the tree of a configuration, entry by entry.
struct ConfigurationReader {
  private let environment: Variables
  private var file: ConfigurationFile
  private var listeners: [WorkerManagerSection] = []
  /// The first entry of each built-in worker.
  private var first: [(entry: WorkerEntry, name: String)] = []

  init(environment: Variables) {
    self.environment = environment
    file = ConfigurationFile(environment: environment)
    file.builtIns = BuiltInSelection()
  }

  mutating func read(_ root: YAMLNode?) throws(ConfigurationFault) -> ConfigurationFile {
    let entries = try entries(of: root)
    try refuseBothForms(entries)
    for entry in entries {
      try read(entry)
      let count = file.entries.count { $0.name.split(separator: "#").first ?? "" == entry.canonicalName }
      let name = count == 0 ? entry.canonicalName : "\(entry.canonicalName)#\(count)"
      file.entries.append(ConfigurationEntry(name: name, settings: entry.config?.plainText ?? "~"))
    }
    if !listeners.isEmpty { file.listeners = listeners.map(\.listener) }
    file.allowedOrigins = listeners.flatMap(\.allowedOrigins)
    // A worker without an entry is off, unless the environment switches it on.
    for kind in BuiltInCatalog.all where kind.presence == .reduced && file.builtIns.find(named: kind.workerName) == nil
    {
      file.builtIns.set(kind.init(environment: environment, isOn: false))
    }
    try refuseSameAddress()
    return file
  }

  private mutating func read(_ entry: WorkerEntry) throws(ConfigurationFault) {
    switch entry.canonicalName {
    case WorkerNames.workerManager:
      let section = try WorkerManagerSection(entry)
      listeners.append(section)
      file.warnings += section.warnings
    case WorkerNames.telemetry: break
    case WorkerNames.exec:
      file.warnings.append(
        "worker '\(entry.name)' is not part of this engine; line \(entry.position.line): ignored. Start its commands "
          + "yourself, or with `iii-dev exec -- COMMAND`")
    case let name where BuiltInCatalog.kind(named: name) != nil: try readBuiltIn(entry)
    default:
      let meant = WorkerNames.suggestion(for: entry.name).map { " (did you mean '\($0)'?)" } ?? ""
      file.warnings.append(
        "worker '\(entry.name)' is not part of this engine; line \(entry.position.line): ignored\(meant)")
    }
  }

  private mutating func readBuiltIn(_ entry: WorkerEntry) throws(ConfigurationFault) {
    guard let kind = BuiltInCatalog.kind(named: entry.canonicalName) else { return }
    var warnings: [String] = []
    let settings = try kind.init(entry, environment: environment, warnings: &warnings)
    if let first = first.first(where: { $0.name == entry.canonicalName })?.entry {
      file.warnings.append(
        "worker '\(entry.name)' has an entry in line \(first.position.line) already; line \(entry.position.line): "
          + "ignored")
    } else {
      first.append((entry, entry.canonicalName))
      file.builtIns.set(settings)
      file.warnings += warnings
    }
  }

  /// The entries of `workers`, then those of `modules`, its older name.
  private func entries(of root: YAMLNode?) throws(ConfigurationFault) -> [WorkerEntry] {
    guard let root, !root.isNull else { return [] }
    guard case .mapping(let members) = root.content else {
      throw ConfigurationFault(
        "invalid type: \(root.kindForMessage), expected struct EngineConfig", at: root.position,
        hint: "the file begins with `workers:`, followed by the list of workers")
    }
    for member in members {
      switch member.key {
      case "workers", "modules": continue
      case "registration_namespace_grace_ms": try requireMilliseconds(member)
      default:
        throw ConfigurationFault(
          "unknown field `\(member.key)`, expected `modules` or `workers`", at: member.position,
          hint: "the settings of a worker belong in the `config` of its entry")
      }
    }
    var entries: [WorkerEntry] = []
    for key in ["workers", "modules"] {
      guard let list = root[key], !list.isNull else { continue }
      guard case .sequence(let nodes) = list.content else {
        throw ConfigurationFault(
          "\(key): invalid type: \(list.kindForMessage), expected a sequence", at: list.position)
      }
      for (index, node) in nodes.enumerated() {
        entries.append(try WorkerEntry(node, place: "\(key)[\(index)]"))
      }
    }
    return entries
  }

  private func requireMilliseconds(_ member: YAMLNode.Member) throws(ConfigurationFault) {
    if case .int(let value) = member.value.content, value >= 0 { return }
    throw ConfigurationFault(
      "\(member.key): invalid type: \(member.value.kindForMessage), expected u64", at: member.value.position)
  }

  /// Refuses `iii-http` and `http` in one file, as newer engines do: one of them is probably a left-over.
  private func refuseBothForms(_ entries: [WorkerEntry]) throws(ConfigurationFault) {
    var first: [String: WorkerEntry] = [:]
    for entry in entries {
      guard let other = first[entry.canonicalName] else {
        first[entry.canonicalName] = entry
        continue
      }
      guard other.name != entry.name else { continue }
      throw ConfigurationFault(
        "Duplicate worker configurations: '\(other.name)' in line \(other.position.line) and '\(entry.name)' "
          + "are two names of one worker", at: entry.position, hint: "keep one of the two", kind: .rejected)
    }
  }

  private func refuseSameAddress() throws(ConfigurationFault) {
    var first: [ConfigurationFile.Listener: WorkerManagerSection] = [:]
    for section in listeners where section.listener.port != 0 {
      if let other = first.updateValue(section, forKey: section.listener) {
        throw section.entry.rejection(
          "address \(section.listener.host):\(section.listener.port) is already in use by the entry in line "
            + "\(other.entry.position.line)", at: section.entry.position,
          hint: "give each entry a `port` of its own")
      }
    }
  }
}

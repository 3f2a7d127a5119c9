/// The settings of a `kv` adapter: whether its values are kept in memory or in a folder.
struct KeyValueAdapter: Sendable, Equatable {
  /// The folder of the store; `nil`: in memory.
  private(set) var folder: String?
  /// How long what was saved may stay in the store's log alone.
  private(set) var saveInterval = Duration.milliseconds(5000)

  private static let defaultFolder = "kv_store_data.db"

  /// In memory.
  init() {}

  /// - Parameter others: Keys that the worker reads itself.
  init(
    _ adapter: AdapterEntry, of entry: WorkerEntry, others: [String] = [], warnings: inout [String]
  ) throws(ConfigurationFault) {
    try self.init(adapter.members.filter { !others.contains($0.key) }, of: entry, warnings: &warnings)
  }

  init(
    _ members: [YAMLNode.Member], of entry: WorkerEntry, warnings: inout [String]
  ) throws(ConfigurationFault) {
    var isOnDisk = false
    var path = KeyValueAdapter.defaultFolder
    for member in members {
      switch (member.key, member.value.content) {
      case ("store_method", .string("file_based")): isOnDisk = true
      case ("store_method", .string("in_memory")): break
      case ("store_method", .string(let other)):
        warnings.append(
          "worker '\(entry.name)': store_method '\(other)' is neither 'in_memory' nor 'file_based'; "
            + "line \(member.position.line): values are kept in memory")
      case ("file_path", .string(let text)): path = text
      case ("save_interval_ms", .int(let milliseconds)) where milliseconds >= 0:
        saveInterval = .milliseconds(milliseconds)
      case ("store_method", _), ("file_path", _): throw KeyValueAdapter.mismatch(member, entry, "a string")
      case ("save_interval_ms", _): throw KeyValueAdapter.mismatch(member, entry, "u64")
      default:
        warnings.append(
          "worker '\(entry.name)': the adapter has no setting `\(member.key)`; line \(member.position.line): ignored")
      }
    }
    if isOnDisk { folder = path }
  }

  mutating func setFolder(_ folder: String?) { self.folder = folder }

  /// Where the values are kept.
  var location: Storage.Location { folder.map { .folder($0, checkpointInterval: saveInterval) } ?? .memory }

  private static func mismatch(
    _ member: YAMLNode.Member, _ entry: WorkerEntry, _ expected: String
  ) -> ConfigurationFault {
    entry.rejection(
      "\(member.key): invalid type: \(member.value.kindForMessage), expected \(expected)", at: member.value.position)
  }
}

/// Where `iii-state` keeps its values.
struct StateSettings: BuiltInSettings {
  static let workerName = "iii-state"
  static let triggerTypes = [StateWorker.triggerType]

  enum Adapter: Sendable, Equatable {
    case keyValue(KeyValueAdapter)
    /// Another engine, by its URL.
    case bridge(url: String)
  }

  private(set) var adapter = Adapter.keyValue(KeyValueAdapter())

  init(environment: Variables, isOn: Bool) {}

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    guard let adapter = try entry.onlyAdapter(available: ["kv", "bridge", "redis"]) else { return }
    switch adapter.name {
    case "kv": self.adapter = .keyValue(try KeyValueAdapter(adapter, of: entry, warnings: &warnings))
    case "bridge": self.adapter = .bridge(url: try adapter.bridgeURL(of: entry))
    default:
      warnings.append(
        "adapter '\(adapter.name)' of worker '\(entry.name)' is not part of this engine; line "
          + "\(adapter.position.line): state is kept in this engine's memory")
    }
  }

  func makeWorker() -> any BuiltInWorker { StateWorker(self) }
}

extension MockEngine.BuiltIn {
  /// `iii-state`: the functions `state::…` and the trigger type `state`.
  public static let state = MockEngine.BuiltIn(name: StateSettings.workerName)
}

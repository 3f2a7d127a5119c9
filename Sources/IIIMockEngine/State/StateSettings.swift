/// Where `iii-state` keeps its values.
struct StateSettings: BuiltInSettings {
  static let workerName = "iii-state"
  static let triggerTypes = [StateWorker.triggerType]

  private(set) var adapter = KeyValueAdapter()

  init(environment: Variables, isOn: Bool) {}

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    guard let adapter = try entry.onlyAdapter(available: ["kv", "bridge", "redis"]) else { return }
    guard adapter.name == "kv" else {
      let reason = adapter.name == "bridge" ? "is not available in this engine yet" : "is not part of this engine"
      warnings.append(
        "adapter '\(adapter.name)' of worker '\(entry.name)' \(reason); line \(adapter.position.line): "
          + "state is kept in this engine's memory")
      return
    }
    self.adapter = try KeyValueAdapter(adapter, of: entry, warnings: &warnings)
  }

  func makeWorker() -> any BuiltInWorker { StateWorker(self) }
}

extension MockEngine.BuiltIn {
  /// `iii-state`: the functions `state::…` and the trigger type `state`.
  public static let state = MockEngine.BuiltIn(name: StateSettings.workerName)
}

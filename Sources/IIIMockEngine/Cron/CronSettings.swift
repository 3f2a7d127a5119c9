/// `iii-cron` has nothing to set but its adapter, which only matters between several engines.
struct CronSettings: BuiltInSettings {
  static let workerName = "iii-cron"
  static let triggerTypes = [CronWorker.triggerType]

  init(environment: Variables, isOn: Bool) {}

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    guard let adapter = try entry.onlyAdapter(available: ["kv", "redis"]), adapter.name != "kv" else { return }
    warnings.append(
      "adapter '\(adapter.name)' of worker '\(entry.name)' is not part of this engine; line \(adapter.position.line): "
        + "jobs are not coordinated with other engines")
  }

  func makeWorker() -> any BuiltInWorker { CronWorker() }
}

extension MockEngine.BuiltIn {
  /// `iii-cron`: the trigger type `cron`.
  public static let cron = MockEngine.BuiltIn(name: CronSettings.workerName)
}

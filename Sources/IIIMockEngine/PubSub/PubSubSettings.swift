/// `iii-pubsub` has nothing to set but its adapter, and this engine has one.
struct PubSubSettings: BuiltInSettings {
  static let workerName = "iii-pubsub"
  static let triggerTypes = [PubSubWorker.triggerType]

  init(environment: Variables, isOn: Bool) {}

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    guard let adapter = try entry.onlyAdapter(available: ["local", "redis"]), adapter.name != "local" else { return }
    warnings.append(
      "adapter '\(adapter.name)' of worker '\(entry.name)' is not part of this engine; line \(adapter.position.line): "
        + "topics reach this engine's workers only")
  }

  func makeWorker() -> any BuiltInWorker { PubSubWorker() }
}

extension MockEngine.BuiltIn {
  /// `iii-pubsub`: the function `publish` and the trigger type `subscribe`.
  public static let pubSub = MockEngine.BuiltIn(name: PubSubSettings.workerName)
}

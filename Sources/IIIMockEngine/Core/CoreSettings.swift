internal import III

/// `iii-engine-functions` has nothing that a file could set.
struct CoreSettings: BuiltInSettings {
  static let workerName = "iii-engine-functions"
  static let presence = BuiltInPresence.always
  static let triggerTypes = [CoreTriggerType.functionsAvailable.rawValue, CoreTriggerType.workersAvailable.rawValue]

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { CoreWorker() }
}

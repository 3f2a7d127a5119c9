internal import III

/// The kinds of built-in workers.
enum BuiltInCatalog {
  /// Every built-in worker of this engine, in the order in which they start. To add one, add its settings here.
  static let all: [any BuiltInSettings.Type] = [
    CoreSettings.self, ChannelSettings.self, ObservabilitySettings.self, PubSubSettings.self, CronSettings.self,
    StateSettings.self, StreamSettings.self, HTTPSettings.self, QueueSettings.self, AccessFunctionsSettings.self,
    HTTPFunctionsSettings.self, BridgeSettings.self, JournalFunctionsSettings.self, ClockFunctionsSettings.self,
    StubFunctionsSettings.self, FaultFunctionsSettings.self, ChannelControlsSettings.self,
    EngineFunctionsSettings.self,
  ]

  /// The names of all workers that the real engine has as parts of its program.
  static var names: [String] { all.map { $0.workerName } + [WorkerNames.exec] }

  static func kind(named name: String) -> (any BuiltInSettings.Type)? { all.first { $0.workerName == name } }

  /// The worker that provides a trigger type in the real engine, if one does.
  static func worker(forTriggerType type: ByteKey) -> String? {
    all.first { $0.triggerTypes.contains { ByteKey($0) == type } }?.workerName
  }
}

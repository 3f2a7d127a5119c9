internal import III

/// A worker that is part of the engine, as listings show it.
struct InProcessWorker {
  /// The name, with `#1` … for the second and later instances.
  let id: String
  let name: String
  let functionCount: Int
  let connectedAtMilliseconds: Int64

  /// The engine version that these workers report.
  static let version = "0.13.0"

  /// Those of an engine with these built-in workers and so many listeners.
  static func all(
    _ builtIns: [BuiltInInstance], listeners: Int, atMilliseconds time: Int64
  ) -> [InProcessWorker] {
    var workers: [InProcessWorker] = []
    for instance in builtIns where !instance.isLeftOut {
      if workers.contains(where: { $0.name == instance.manifest.name }) { continue }
      let name = instance.manifest.name
      let count = builtIns.filter { $0.manifest.name == name }.reduce(0) { $0 + $1.functions.count }
      workers.append(InProcessWorker(id: name, name: name, functionCount: count, connectedAtMilliseconds: time))
    }
    let manager = WorkerNames.workerManager
    for name in [WorkerNames.telemetry, manager] {
      workers.append(InProcessWorker(id: name, name: name, functionCount: 0, connectedAtMilliseconds: time))
    }
    for number in 1..<max(listeners, 1) {
      workers.append(
        InProcessWorker(id: "\(manager)#\(number)", name: manager, functionCount: 0, connectedAtMilliseconds: time))
    }
    return workers
  }
}

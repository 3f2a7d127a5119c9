internal import III

/// A worker that is part of the engine, as listings show it.
struct InProcessWorker {
  /// The name, with `#1` … for the second and later instances.
  let id: String
  let name: String
  let connectedAtMilliseconds: Int64

  /// The engine version that these workers report.
  static let version = "0.13.0"

  /// Those of an engine with so many listeners.
  static func all(listeners: Int, atMilliseconds time: Int64) -> [InProcessWorker] {
    var workers = [CoreFunction.owner, ObservabilityFunction.owner, "iii-telemetry", "iii-worker-manager"].map {
      InProcessWorker(id: $0, name: $0, connectedAtMilliseconds: time)
    }
    for instance in 1..<max(listeners, 1) {
      let name = "iii-worker-manager"
      workers.append(InProcessWorker(id: "\(name)#\(instance)", name: name, connectedAtMilliseconds: time))
    }
    return workers
  }

  func row(functionCount: Int) -> JSONObject {
    [
      "active_invocations": 0, "connected_at_ms": .int(connectedAtMilliseconds), "description": nil,
      "function_count": .int(Int64(functionCount)), "id": .string(id), "ip_address": nil,
      "isolation": "in-process", "name": .string(name), "os": nil, "runtime": "engine", "status": "available",
      "version": .string(InProcessWorker.version),
    ]
  }
}

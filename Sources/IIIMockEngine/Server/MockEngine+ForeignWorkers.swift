internal import UV

/// A worker that is connected to an engine but does not run on its loop.
package struct ForeignWorker: Sendable {
  package let label: WorkerLabel
  /// The functions that it has registered, sorted.
  package let functionIDs: [String]
}

extension MockEngine {
  /// The connected workers that ``registerWorker(options:)`` did not make: those of `III.registerWorker` and of other processes.
  package var foreignWorkers: [ForeignWorker] { get async { await core.foreignWorkers } }
}

extension EngineCore {
  fileprivate var foreignWorkers: [ForeignWorker] {
    guard let engine else { return [] }
    // Whether a connection's other end is on this loop is known once its traffic was looked at.
    _ = loop.traffic
    return engine.router.workers.all.compactMap { worker in
      guard let peer = engine.peers.connection(of: worker.peer), !peer.stream.isOfThisLoop,
        let label = engine.label(of: worker.peer)
      else { return nil }
      let functions = engine.router.functions.all.filter { function in
        if case .worker(let owner) = function.target { owner == worker.peer } else { false }
      }
      return ForeignWorker(label: label, functionIDs: functions.map(\.name.text).sorted())
    }
  }
}

import III
import IIIMockEngine

/// Which workers have left, as the engine tells it: a connection that was dropped is not gone at once.
actor Departures {
  private var left: Set<String> = []
  private var waiting: [String: [CheckedContinuation<Void, Never>]] = [:]

  /// Waits until the engine has cleaned up after that worker.
  func departure(of worker: String?) async {
    guard let worker, !left.contains(worker) else { return }
    await withCheckedContinuation { waiting[worker, default: []].append($0) }
  }

  private func note(_ worker: String) {
    left.insert(worker)
    for continuation in waiting.removeValue(forKey: worker) ?? [] { continuation.resume() }
  }

  /// What to give to `MockEngine.Configuration.onEvent`.
  nonisolated var handler: @Sendable (EngineEvent) -> Void {
    { event in
      if case .workerDisconnected(let worker, _) = event { Task { await self.note(worker.id) } }
    }
  }
}

internal import UV

/// Holds threads until it is opened, and counts them.
package final class Turnstile: Sendable {
  private struct State: Sendable {
    var isOpen = false
    var inside = 0
    var peak = 0
  }

  private let state = Monitor(State())

  package init() {}

  /// The most threads that it held at once.
  package var peak: Int { state.withLock { $0.peak } }

  /// Blocks until it is open, but not for more than half a minute.
  package func pass() {
    state.withLock {
      $0.inside += 1
      $0.peak = max($0.peak, $0.inside)
    }
    state.wakeAll()
    state.wait(nanoseconds: 30_000_000_000) {
      $0.isOpen ? () : nil
    } otherwise: { _ in
    }
    state.withLock { $0.inside -= 1 }
  }

  /// Suspends until it holds so many; `false` if they have not come within half a minute.
  package func holds(_ count: Int) async throws -> Bool {
    try await onThread { [state] in
      state.wait(nanoseconds: 30_000_000_000) {
        $0.inside >= count ? true : nil
      } otherwise: { _ in
        false
      }
    }
  }

  package func open() {
    state.withLock { $0.isOpen = true }
    state.wakeAll()
  }
}

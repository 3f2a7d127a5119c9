internal import UV

/// Holds threads until so many of them are there.
package final class Barrier: Sendable {
  private let count: Int
  private let arrived = Monitor(0)

  package init(_ count: Int) { self.count = count }

  /// Blocks until all are there; `false` if they have not come within half a minute.
  package func meet() -> Bool {
    arrived.withLock { $0 += 1 }
    arrived.wakeAll()
    return arrived.wait(nanoseconds: 30_000_000_000) {
      $0 >= count ? true : nil
    } otherwise: { _ in
      false
    }
  }
}

import TestSupport
import Testing
import UV

@Suite struct StripedLockTests {
  @Test("threads that use the values at the same time lose nothing, and a thread has always the same value")
  func exclusive() async throws {
    final class Counter: Sendable { let count = Lock(0) }
    let made = Lock<[Counter]>([])
    let striped = StripedLock {
      let counter = Counter()
      made.withLock { $0.append(counter) }
      return counter
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          try await onThread {
            let first = striped.withLock { $0 }
            for _ in 0..<1000 {
              let counter = striped.withLock { counter in
                counter.count.withLock { $0 += 1 }
                return counter
              }
              #expect(counter === first)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(made.withLock { $0.reduce(0) { $0 + $1.count.withLock { $0 } } } == 8000)
  }
}

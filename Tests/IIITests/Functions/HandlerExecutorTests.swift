import Testing
import UV

@testable import III

@Suite("The executor of handlers under a manual clock", .timeLimit(.minutes(5)))
struct HandlerExecutorTests {
  @Test("who waits for it finds everything done that was begun before")
  func waiting() {
    let executor = HandlerExecutor {}
    let count = Lock(0)
    for number in 1...2_000 {
      executor.pool.run { count.withLock { $0 += 1 } }
      executor.waitUntilIdle()
      #expect(count.withLock { $0 } == number)
    }
    executor.retire()
  }

  @Test("a handler that blocks its thread is waited for once, the next one again")
  func blocking() {
    let (gate, begun, idle) = (Rendezvous<Void>(), Rendezvous<Void>(), Rendezvous<Void>())
    let count = Lock(0)
    let executor = HandlerExecutor { idle.put(()) }
    executor.pool.run {
      begun.put(())
      gate.wait()
    }
    begun.wait()
    // If each wait took its whole limit, they would take 100 seconds.
    let elapsed = ContinuousClock().measure { for _ in 0..<1_000 { executor.waitUntilIdle() } }
    #expect(elapsed < .seconds(50))
    gate.put(())
    idle.wait()
    executor.pool.run { count.withLock { $0 += 1 } }
    executor.waitUntilIdle()
    #expect(count.withLock { $0 } == 1)
    executor.retire()
  }
}

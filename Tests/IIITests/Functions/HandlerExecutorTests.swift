import Synchronization
import Testing
import UV

@testable import III

@Suite("The executor of handlers under a manual clock", .timeLimit(.minutes(5)))
struct HandlerExecutorTests {
  @Test("who waits for it finds everything done that was begun before")
  func waiting() {
    let executor = HandlerExecutor {}
    let counter = Counter()
    for number in 1...2_000 {
      executor.pool.run { counter.add() }
      executor.waitUntilIdle()
      #expect(counter.value == number)
    }
    executor.retire()
  }

  @Test("a handler that blocks its thread is waited for once, the next one again")
  func blocking() {
    let (gate, begun, idle) = (Rendezvous<Void>(), Rendezvous<Void>(), Rendezvous<Void>())
    let counter = Counter()
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
    executor.pool.run { counter.add() }
    executor.waitUntilIdle()
    #expect(counter.value == 1)
    executor.retire()
  }
}

private final class Counter: Sendable {
  private let count = Atomic(0)
  var value: Int { count.load(ordering: .relaxed) }
  func add() { count.add(1, ordering: .relaxed) }
}

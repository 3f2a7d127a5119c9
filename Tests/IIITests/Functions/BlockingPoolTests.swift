import TestSupport
import Testing

@testable import III

@Suite("Threads of blocking handlers", .timeLimit(.minutes(1)))
struct BlockingPoolTests {
  @Test("no more run at once than allowed; the others have their turn")
  func limit() async throws {
    let pool = BlockingPool(limit: 3)
    let gate = Turnstile()
    let ended = AsyncStream<Int>.makeStream()
    for number in 0..<10 {
      let runs = pool.run {
        gate.pass()
        ended.continuation.yield(number)
      }
      #expect(runs)
    }
    #expect(try await gate.holds(3))
    #expect(pool.counts == (queued: 7, busy: 3, idle: 0))
    gate.open()
    var numbers = Set<Int>()
    for await number in ended.stream.prefix(10) { numbers.insert(number) }
    #expect(numbers.count == 10)
    #expect(gate.peak <= 3)
    pool.close()
  }

  @Test("one that waits in a call lets another run")
  func waiting() async throws {
    let pool = BlockingPool(limit: 1)
    let (outer, inner) = (Turnstile(), Turnstile())
    let runs = [
      pool.run { BlockingPool.whileWaiting { outer.pass() } },
      pool.run { inner.pass() },
      pool.run {},
    ]
    #expect(runs == [true, true, true])
    #expect(try await outer.holds(1))
    #expect(try await inner.holds(1))
    #expect(pool.counts.queued == 1)
    // For a moment there are two that run; the third waits for both.
    outer.open()
    inner.open()
    let last = AsyncStream<Void>.makeStream()
    #expect(pool.run { last.continuation.finish() })
    for await _ in last.stream {}
    pool.close()
  }

  @Test("idle threads are used again, and end in time")
  func idle() async throws {
    let pool = BlockingPool(limit: 8, idleNanoseconds: 1)
    for _ in 0..<100 {
      let done = AsyncStream<Void>.makeStream()
      #expect(pool.run { done.continuation.finish() })
      for await _ in done.stream {}
    }
    #expect(pool.counts.queued == 0)
    #expect(pool.counts.busy + pool.counts.idle <= 8)
    pool.close()
  }

  @Test("a closed pool forgets what has no turn yet")
  func closed() async throws {
    let pool = BlockingPool(limit: 1)
    let gate = Turnstile()
    #expect(pool.run { gate.pass() })
    #expect(pool.run { Issue.record("this was forgotten") })
    #expect(try await gate.holds(1))
    pool.close()
    gate.open()
    #expect(pool.run { Issue.record("this was not taken") })
    #expect(pool.counts.queued == 0)
  }

  @Test("outside of a pool nothing is counted")
  func outside() { #expect(BlockingPool.whileWaiting { 7 } == 7) }
}

import TestSupport
import Testing

@testable import III

@Suite("Threads of blocking handlers", .timeLimit(.minutes(5)))
struct BlockingPoolTests {
  @Test("no more jobs run at once than allowed; the others run later")
  func limit() async throws {
    let pool = BlockingPool(limit: 3)
    let gate = Turnstile()
    let ended = AsyncStream<Int>.makeStream()
    for number in 0..<10 {
      pool.run {
        gate.pass()
        ended.continuation.yield(number)
      }
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

  @Test("a job that waits in a call lets another one run")
  func waiting() async throws {
    let pool = BlockingPool(limit: 1)
    let (outer, inner) = (Turnstile(), Turnstile())
    pool.run { BlockingPool.whileWaiting { outer.pass() } }
    pool.run { inner.pass() }
    pool.run {}
    #expect(try await outer.holds(1))
    #expect(try await inner.holds(1))
    #expect(pool.counts.queued == 1)
    // For a moment two jobs run; the third waits for both.
    outer.open()
    inner.open()
    let last = AsyncStream<Void>.makeStream()
    pool.run { last.continuation.finish() }
    for await _ in last.stream {}
    pool.close()
  }

  @Test("idle threads are reused, and end after their time")
  func idle() async throws {
    let pool = BlockingPool(limit: 8, idleNanoseconds: 1)
    for _ in 0..<100 {
      let done = AsyncStream<Void>.makeStream()
      pool.run { done.continuation.finish() }
      for await _ in done.stream {}
    }
    #expect(pool.counts.queued == 0)
    #expect(pool.counts.busy + pool.counts.idle <= 8)
    pool.close()
  }

  @Test("a closed pool drops its waiting jobs")
  func closed() async throws {
    let pool = BlockingPool(limit: 1)
    let gate = Turnstile()
    pool.run { gate.pass() }
    pool.run { Issue.record("this job was dropped") }
    #expect(try await gate.holds(1))
    pool.close()
    gate.open()
    pool.run { Issue.record("the pool was closed") }
    #expect(pool.counts.queued == 0)
  }

  @Test("a job for which no thread can be started is refused, with the limit in the text")
  func threadLimit() async throws {
    let pool = BlockingPool(limit: 2, threadLimit: 3)
    let (gate, end) = (Turnstile(), Turnstile())
    for _ in 0..<3 {
      pool.run {
        BlockingPool.whileWaiting { gate.pass() }
        end.pass()
      }
    }
    #expect(try await gate.holds(3))
    let refusals = AsyncStream<String>.makeStream()
    pool.run {
      Issue.record("there is no thread for this")
    } orRefuse: {
      refusals.continuation.yield($0)
    }
    var iterator = refusals.stream.makeAsyncIterator()
    #expect(await iterator.next()?.contains("all 3 threads") == true)
    gate.open()
    // The threads whose jobs have returned from their calls take other jobs again.
    #expect(try await end.holds(3))
    let done = AsyncStream<Void>.makeStream()
    pool.run {
      done.continuation.finish()
    } orRefuse: {
      Issue.record("refused: \($0)")
    }
    end.open()
    for await _ in done.stream {}
    pool.close()
  }

  @Test("a waiting job is refused when all threads wait in calls")
  func queuedJobIsRefused() async throws {
    let pool = BlockingPool(limit: 1, threadLimit: 1)
    let (start, gate) = (Turnstile(), Turnstile())
    pool.run {
      start.pass()
      BlockingPool.whileWaiting { gate.pass() }
    }
    #expect(try await start.holds(1))
    let refusals = AsyncStream<String>.makeStream()
    pool.run {
      Issue.record("there is no thread for this")
    } orRefuse: {
      refusals.continuation.yield($0)
    }
    start.open()
    var iterator = refusals.stream.makeAsyncIterator()
    #expect(await iterator.next()?.contains("all 1 threads") == true)
    gate.open()
    pool.close()
  }

  @Test("outside a pool nothing is counted")
  func outside() { #expect(BlockingPool.whileWaiting { 7 } == 7) }
}

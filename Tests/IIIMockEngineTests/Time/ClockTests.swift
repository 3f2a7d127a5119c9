import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

extension MockEngine.Configuration {
  /// A clock that a test advances.
  static func manual(seed: UInt64? = nil) -> MockEngine.Configuration {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual
    configuration.seed = seed
    // On a machine with much other work a thread may not run for seconds.
    configuration.settlePatience = .seconds(60)
    return configuration
  }
}

/// What happened, with the milliseconds of virtual time since the engine started.
final class Timeline: Sendable {
  private let entries = Lock<[String]>([])
  private let clock: EngineClock
  private let start: EngineClock.Instant

  init(_ engine: MockEngine) {
    clock = engine.clock
    start = engine.now
  }

  func note(_ what: String) {
    let time = start.duration(to: clock.now).milliseconds
    entries.withLock { $0.append("\(time) \(what)") }
  }

  var all: [String] { entries.withLock { $0 } }
}

@Suite struct ClockTests {
  @Test("a call through the SDK times out after 30 s of virtual time, neither earlier nor later")
  func timeOut() async throws {
    let began = monotonicNanoseconds()
    try await withMockEngine(.manual()) { engine in
      let callee = try await engine.registerWorker()
      let caller = try await engine.registerWorker()
      let (started, start) = AsyncStream<Void>.makeStream()
      try callee.registerFunction("slow") { (n: Int) async throws in
        start.finish()
        try await engine.clock.sleep(for: .seconds(3600))
        return n
      }
      try await engine.waitForFunction("slow")
      let ends = Timeline(engine)
      let call = Task {
        await #expect(throws: IIITimeoutError.self) { let _: Int = try await caller.trigger("slow", payload: 1) }
        ends.note("timed out")
      }
      for await _ in started {}

      try await engine.advance(by: .milliseconds(29_999))
      #expect(ends.all == [])
      try await engine.advance(by: .milliseconds(1))

      await call.value
      #expect(ends.all == ["30000 timed out"])
    }
    print("a time-out of 30 s took \((monotonicNanoseconds() - began) / 1000) µs")
  }

  @Test("a worker reconnects with its backoff, to the millisecond of virtual time")
  func backoff() async throws {
    try await withMockEngine(.manual()) { engine in
      let other = try await MockEngine.start()
      let attempts = Timeline(engine)
      var options = InitOptions()
      options.reconnection.jitterFactor = 0
      options.log = { _, line in if line.contains("trying again") { attempts.note("failed") } }
      let host = try #require(await engine.core.host)
      let worker = try await registerWorker(other.url, options: options, on: host)
      var states = worker.connectionStates.makeAsyncIterator()
      await other.shutdown()
      while let state = await states.next(), state != .reconnecting {}

      try await engine.advance(by: .milliseconds(30_999))
      #expect(attempts.all == ["0 failed", "1000 failed", "3000 failed", "7000 failed", "15000 failed"])
      try await engine.advance(by: .milliseconds(1))

      #expect(attempts.all.last == "31000 failed")
    }
  }

  @Test("cron runs through a virtual year")
  func year() async throws {
    let began = monotonicNanoseconds()
    let isHourly = Proofs.isFull
    try await withMockEngine(.manual()) { engine in
      // Without pings of the connection: it would send 1.5 million in a year.
      var options = InitOptions()
      options.keepAlive.pingInterval = .zero
      options.keepAlive.idleTimeout = .zero
      let worker = try await engine.registerWorker(options: options)
      let runs = Lock<[String]>([])
      try worker.registerFunction("job") { (event: JSONValue) async in
        if case .string(let time)? = event["actual_time"] { runs.withLock { $0.append(time) } }
      }
      let trigger = try worker.registerTrigger(
        CronTriggerConfig(expression: isHourly ? "0 30 * * * *" : "0 30 0 * * *"), functionID: "job")
      try await engine.waitForTrigger(trigger.id)

      try await engine.advance(by: .seconds(365 * 86_400))

      let all = runs.withLock { $0 }
      #expect(all.count == (isHourly ? 8760 : 365))
      #expect(all.first == "2026-01-01T00:30:00+00:00")
      #expect(all.last == (isHourly ? "2026-12-31T23:30:00+00:00" : "2026-12-31T00:30:00+00:00"))
      #expect(engine.now.description == "2027-01-01T00:00:00+00:00")
    }
    print(
      "a virtual year with \(isHourly ? 8760 : 365) runs of a job took \((monotonicNanoseconds() - began) / 1_000_000) ms"
    )
  }

  /// Three workers that pass tokens on, each after a time of its own; returns what happened.
  private func ring(seed: UInt64) async throws -> [String] {
    try await withMockEngine(.manual(seed: seed)) { engine in
      let timeline = Timeline(engine)
      var workers: [III] = []
      for (index, name) in ["a", "b", "c"].enumerated() {
        let worker = try await engine.registerWorker(options: InitOptions(workerName: name))
        let next = ["b", "c", "a"][index]
        try worker.registerFunction("\(name)::pass") { (token: [Int]) async throws -> Int in
          let (id, left) = (token[0], token[1])
          timeline.note("\(name) has \(id), \(left) left, as \(InvocationContext.current?.invocationID ?? "none")")
          guard left > 0 else { return 0 }
          try await engine.clock.sleep(for: .milliseconds(10 * (index + 1) + id))
          let passed: Int = try await worker.trigger("\(next)::pass", payload: [id, left - 1], timeout: .seconds(600))
          return passed + 1
        }
        workers.append(worker)
        try await engine.waitForFunction("\(name)::pass")
      }
      let totals = Lock<[Int]>([])
      let first = workers[0]
      let all = Task(executorPreference: engine.taskExecutor) {
        await withTaskGroup { group in
          for id in 0..<4 {
            group.addTask {
              let total: Int? = try? await first.trigger("a::pass", payload: [id, 25], timeout: .seconds(600))
              totals.withLock { $0.append(total ?? -1) }
            }
          }
        }
      }
      try await engine.advance(by: .seconds(10))
      await all.value
      #expect(totals.withLock { $0 } == [25, 25, 25, 25])
      return timeline.all
    }
  }

  @Test("three workers with 100 timers: the same order, times and ids in each run")
  func stateMachine() async throws {
    let first = try await ring(seed: 7)
    #expect(first.count == 4 * 26)
    // 25 steps of 20 ms on average, and 25 times the token's number.
    #expect(first.last?.hasPrefix("\(25 * 20 - 10 + 25 * 3)") == true, "\(first.last ?? "")")
    #expect(try await ring(seed: 7) == first)
    #expect(try await ring(seed: 8) != first)
  }

  @Test("the same test with virtual time passes each time, 64 at once")
  func repeated() async throws {
    let count = Proofs.count(suite: 100, full: 10_000)
    let began = monotonicNanoseconds()
    let next = Lock(0)
    try await withThrowingTaskGroup { group in
      for _ in 0..<64 {
        group.addTask {
          while next.withLock({
            $0 += 1; return $0 <= count
          }) { try await Self.retryOnce() }
        }
      }
      try await group.waitForAll()
    }
    let milliseconds = (monotonicNanoseconds() - began) / 1_000_000
    print("\(count) virtual-time tests, 64 at once, took \(milliseconds) ms")
  }

  /// A job that calls a slow function, gives up after 5 s, waits 10 s and calls again.
  private static func retryOnce() async throws {
    try await withMockEngine(.manual(seed: 1)) { engine in
      let timeline = Timeline(engine)
      let worker = try await engine.registerWorker()
      let other = try await engine.registerWorker()
      let calls = Lock(0)
      try other.registerFunction("slow") { () async throws -> Int in
        let call = calls.withLock {
          $0 += 1; return $0
        }
        if call == 1 { try await engine.clock.sleep(for: .seconds(60)) }
        return call
      }
      try worker.registerFunction("job") { () async throws in
        do {
          let _: Int = try await worker.trigger("slow", timeout: .seconds(5))
        } catch is IIITimeoutError {
          timeline.note("timed out")
          try await engine.clock.sleep(for: .seconds(10))
          let second: Int = try await worker.trigger("slow", timeout: .seconds(5))
          timeline.note("call \(second)")
        }
      }
      let trigger = try worker.registerTrigger(CronTriggerConfig(expression: "0 * * * * *"), functionID: "job")
      try await engine.waitForFunction("slow")
      try await engine.waitForTrigger(trigger.id)
      try await engine.advance(by: .seconds(80))
      #expect(timeline.all == ["65000 timed out", "75000 call 2"])
    }
  }

  @Test("a sleeping task ends with its cancellation, and with its engine")
  func sleepersEnd() async throws {
    let engine = try await MockEngine.start(.manual())
    let cancelled = Task { try await engine.clock.sleep(for: .seconds(1)) }
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    try await engine.clock.sleep(until: engine.now)
    let (asleep, note) = AsyncStream<Void>.makeStream()
    let sleeping = Task(executorPreference: engine.taskExecutor) {
      note.finish()
      try await engine.clock.sleep(for: .seconds(1))
    }
    for await _ in asleep {}
    try await engine.settle()
    await engine.shutdown()
    await #expect(throws: MockEngineError.stopped) { try await sleeping.value }
    await #expect(throws: MockEngineError.stopped) { try await engine.clock.sleep(for: .seconds(1)) }
    await #expect(throws: MockEngineError.stopped) { try await engine.settle() }
  }

  @Test("an advance by a negative or endless span, into the past, or on the machine's clock is refused")
  func badAdvances() async throws {
    try await withMockEngine(.manual()) { engine in
      let start = engine.now
      for span in [Duration.seconds(-1), .nanoseconds(-1), .seconds(Int64.max), .seconds(200 * 366 * 86_400)] {
        await #expect(throws: MockEngineError.self) { try await engine.advance(by: span) }
      }
      let past = await #expect(throws: MockEngineError.self) {
        try await engine.advance(to: start.advanced(by: .seconds(-1)))
      }
      #expect(past?.description.hasPrefix("the clock cannot go back to 2025-12-31T23:59:59") == true)
      #expect(engine.now == start)
      try await engine.advance(to: start.advanced(by: .seconds(3)))
      #expect(engine.now == start.advanced(by: .seconds(3)))
    }
    try await withMockEngine { engine in
      await #expect(throws: MockEngineError.clockIsNotManual) { try await engine.advance(by: .seconds(1)) }
      try await engine.settle()
    }
  }

  @Test("a second advance at the same time is refused, and the first goes on")
  func twoAdvances() async throws {
    try await withMockEngine(.manual()) { engine in
      let (reached, note) = AsyncStream<CheckedContinuation<Void, Never>>.makeStream()
      let worker = try await engine.registerWorker()
      try worker.registerFunction("f") { () async in await withCheckedContinuation { note.yield($0) } }
      try await engine.waitForFunction("f")
      async let call = worker.trigger("f", timeout: .seconds(60))
      let held = try #require(await reached.first { _ in true })
      let first = Task { try await engine.advance(by: .seconds(1)) }
      // The first has begun when it waits for the handler.
      while await !engine.core.isAdvancing { await Task.yield() }
      let error = await #expect(throws: MockEngineError.self) { try await engine.advance(by: .seconds(1)) }
      #expect(error?.description.contains("being advanced already") == true)
      held.resume()
      _ = try await call
      try await first.value
    }
  }
}

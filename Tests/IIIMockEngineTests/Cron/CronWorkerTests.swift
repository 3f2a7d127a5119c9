import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct CronWorkerTests {
  /// 15 January 2027, 08:00:00.25 UTC.
  static let start: UInt64 = 1_800_000_000_250_000_000

  /// An engine on a clock that stands still, and a worker whose clock is the same.
  static func withEngine(
    _ configuration: MockEngine.Configuration = MockEngine.Configuration(),
    _ body: (MockEngine, III, TimeSource) async throws -> Void
  ) async throws {
    let time = TimeSource.manual(wallClock: start)
    let engine = try await MockEngine.start(configuration, time: time)
    do {
      try await body(engine, try await engine.registerWorker(), time)
    } catch {
      await engine.shutdown()
      throw error
    }
    await engine.shutdown()
  }

  /// Returns when the engine has dealt with what the worker sent before.
  static func settle(_ worker: III) async throws { _ = try await worker.ask("engine::triggers::list", [:]) }

  @Test("a job runs at its second with the times in its payload")
  func payload() async throws {
    try await Self.withEngine { _, worker, time in
      let ticks = try worker.feed("tick")
      let trigger = try worker.registerTrigger(
        type: "cron", functionID: "tick", config: ["expression": "*/10 * * * * *"] as JSONValue)
      try await Self.settle(worker)

      await time.advance(by: .seconds(10))

      let wanted: JSONValue = [
        "actual_time": "2027-01-15T08:00:10+00:00", "job_id": .string(trigger.id),
        "scheduled_time": "2027-01-15T08:00:10+00:00", "trigger": "cron",
      ]
      #expect(await ticks.first { _ in true } == wanted)
    }
  }

  /// A worker of raw frames, whose answers are known to have arrived.
  struct RawWorker {
    let peer: RawPeer

    init(_ engine: MockEngine, job config: String) async throws {
      peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()
      for id in ["tick", "condition"] { await peer.send(#"{"type":"registerfunction","id":"\#(id)"}"#) }
      await peer.send(
        #"{"type":"registertrigger","id":"j","trigger_type":"cron","function_id":"tick","config":\#(config)}"#)
      try await peer.fence()
    }

    /// The next call: its id, and `function second`.
    func call() async throws -> (id: String, what: String) {
      let frame = try JSONValue(parsing: try await peer.receiveText())
      guard case .string(let id)? = frame["invocation_id"], case .string(let function)? = frame["function_id"],
        case .string(let time)? = frame["data"]?["scheduled_time"]
      else { return ("", "no call: \(frame)") }
      return (id, "\(function) \(time.dropFirst(11).prefix(8))")
    }

    /// Answers a call, and waits until the engine has dealt with the answer.
    func answer(_ id: String, _ result: String = "null") async throws {
      await peer.send(
        #"{"type":"invocationresult","invocation_id":"\#(id)","function_id":"f","result":\#(result)}"#)
      try await peer.fence()
    }
  }

  @Test("moments that pass while a function runs are skipped")
  func longRun() async throws {
    try await Self.withEngine { engine, _, time in
      let worker = try await RawWorker(engine, job: #"{"expression":"* * * * * *"}"#)
      await time.advance(by: .seconds(1))
      let first = try await worker.call()
      #expect(first.what == "tick 08:00:01")

      await time.advance(by: .seconds(2))
      try await worker.answer(first.id)
      await time.advance(by: .seconds(1))

      #expect(try await worker.call().what == "tick 08:00:04")
    }
  }

  @Test("a condition decides each run; literally `false` skips it, and a failure does")
  func condition() async throws {
    try await Self.withEngine { engine, _, time in
      let worker = try await RawWorker(
        engine, job: #"{"expression":"* * * * * *","condition_function_id":"condition"}"#)
      for (second, result) in [(1, "false"), (2, "null")] {
        await time.advance(by: .seconds(1))
        let call = try await worker.call()
        #expect(call.what == "condition 08:00:0\(second)")
        try await worker.answer(call.id, result)
      }
      #expect(try await worker.call().what == "tick 08:00:02")
    }
  }

  @Test("a condition that never answers is reported after five seconds, and the job waits")
  func silentCondition() async throws {
    let warnings = Warnings()
    try await Self.withEngine(warnings.configuration) { engine, _, time in
      let worker = try await RawWorker(
        engine, job: #"{"expression":"* * * * * *","condition_function_id":"condition"}"#)
      await time.advance(by: .seconds(7))
      #expect(try await worker.call().what == "condition 08:00:01")
      #expect(await warnings.first(with: "'condition'") != nil)
      try await worker.peer.fence()
      #expect(await worker.peer.takeUnread().isEmpty)
    }
  }

  @Test("a job with a missing function stays, and the log tells of it")
  func missingFunction() async throws {
    let warnings = Warnings()
    try await Self.withEngine(warnings.configuration) { _, worker, time in
      try worker.registerTrigger(type: "cron", functionID: "nobody", config: ["expression": "* * * * * *"] as JSONValue)
      try await Self.settle(worker)
      await time.advance(by: .seconds(1))
      #expect(await warnings.first(with: "nobody") != nil)

      let ticks = try worker.feed("nobody")
      try await Self.settle(worker)
      await time.advance(by: .seconds(1))
      #expect(await ticks.first { _ in true }?["scheduled_time"] == "2027-01-15T08:00:02+00:00")
    }
  }

  @Test("a clock that is set forward makes up for no run, and one that is set back repeats none")
  func clockIsSet() async throws {
    try await Self.withEngine { engine, _, time in
      let worker = try await RawWorker(engine, job: #"{"expression":"* * * * * *"}"#)
      time.set(wallClock: Self.start + 3600 * 1_000_000_000)
      await time.advance(by: .seconds(1))
      // The timer found that its moment had passed by an hour: the next one is that of the second that follows.
      await time.advance(by: .seconds(1))
      let call = try await worker.call()
      #expect(call.what == "tick 09:00:02")
      try await worker.answer(call.id)

      time.set(wallClock: Self.start)
      await time.advance(by: .seconds(10))
      #expect(await worker.peer.takeUnread().isEmpty)
      await time.advance(by: .seconds(3600))
      #expect(try await worker.call().what > call.what)
    }
  }

  @Test("a job runs on demand, and the caller hears how it went")
  func onDemand() async throws {
    try await Self.withEngine { engine, worker, _ in
      let ticks = try worker.feed("tick")
      try worker.registerFunction("fails") { (_: JSONValue) async throws -> Void in
        throw IIIInvocationError(code: "BROKE", message: "as it should")
      }
      try worker.registerFunction("no") { (_: JSONValue) async -> Bool in false }
      func job(_ function: String, _ more: JSONObject = [:]) throws -> String {
        var config: JSONObject = ["expression": "0 0 0 1 1 ? 2100"]
        for (key, value) in more { config[key] = value }
        return try worker.registerTrigger(type: "cron", functionID: function, config: JSONValue.object(config)).id
      }
      let (runs, fails) = (try job("tick"), try job("fails"))
      let refused = try job("tick", ["condition_function_id": "no"])
      try await Self.settle(worker)

      #expect(try await engine.cron.fire(triggerID: runs))
      #expect(await ticks.first { _ in true }?["scheduled_time"] == "2027-01-15T08:00:00+00:00")
      #expect(try await !engine.cron.fire(triggerID: refused))
      let error = await #expect(throws: IIIInvocationError.self) { try await engine.cron.fire(triggerID: fails) }
      #expect(error?.code == "BROKE")
      await #expect(throws: MockEngineError.cannotFire(triggerID: "nobody")) {
        try await engine.cron.fire(triggerID: "nobody")
      }
    }
  }

  @Test("a run on demand ends when the engine does")
  func onDemandAtTheEnd() async throws {
    let engine = try await MockEngine.start()
    let worker = try await engine.registerWorker()
    let (started, feed) = AsyncStream.makeStream(of: Void.self)
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    defer { end.finish() }
    try worker.registerFunction("hangs") { (_: JSONValue) async in
      feed.yield()
      _ = await ends.first { _ in true }
    }
    let trigger = try worker.registerTrigger(
      type: "cron", functionID: "hangs", config: ["expression": "@yearly"] as JSONValue)
    try await Self.settle(worker)
    let fired = Task { try await engine.cron.fire(triggerID: trigger.id) }
    _ = await started.first { _ in true }
    await engine.shutdown()
    await #expect(throws: MockEngineError.stopped) { try await fired.value }
  }

  @Test(
    "an expression that is no expression is refused, and the reason names it",
    arguments: [
      ("{}", "Cron expression is required"), ("null", "Cron expression is required"),
      (#"{"expression":5}"#, "Cron expression is required"), (#"{"expression":""}"#, "Cron expression is required"),
      (#"{"expression":"* * * * *"}"#, "Invalid cron expression '* * * * *': "),
    ])
  func refused(config: String, reason: String) async throws {
    let (refusals, feed) = AsyncStream.makeStream(of: String.self)
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { event in
      if case .triggerRejected(_, _, let code, let message, _) = event { feed.yield("\(code): \(message)") }
    }
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      try worker.registerTrigger(type: "cron", functionID: "f", config: try JSONValue(parsing: config))
      #expect(await refusals.first { _ in true }?.hasPrefix("trigger_registration_failed: \(reason)") == true)
    }
  }

  @Test("two thousand jobs of one second are all run")
  func manyJobs() async throws {
    try await Self.withEngine { _, worker, time in
      let (runs, feed) = AsyncStream.makeStream(of: JSONValue.self)
      try worker.registerFunction("tick") { (data: JSONValue) async in _ = feed.yield(data["job_id"] ?? .null) }
      for _ in 0..<2000 {
        try worker.registerTrigger(type: "cron", functionID: "tick", config: ["expression": "* * * * * *"] as JSONValue)
      }
      try await Self.settle(worker)
      await time.advance(by: .seconds(1))
      var seen: Set<JSONValue> = []
      for await id in runs {
        seen.insert(id)
        if seen.count == 2000 { break }
      }
      #expect(seen.count == 2000)
    }
  }
}

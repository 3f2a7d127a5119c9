import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

@Suite struct SettleTests {
  @Test("an engine with nothing under way is settled, and one whose workers work is not before they are done")
  func waitsForHandlers() async throws {
    var system = MockEngine.Configuration.manual()
    system.clock = .system
    for configuration in [.manual(), system] {
      try await withMockEngine(configuration) { engine in
        try await engine.settle()
        let worker = try await engine.registerWorker()
        let done = Lock(0)
        try worker.registerFunction("work") { (n: Int) async throws in
          for _ in 0..<50 { await Task.yield() }
          done.withLock { $0 += 1 }
          if n > 0 { try await worker.trigger("work", payload: n - 1, action: .void()) }
        }
        try worker.registerFunction("block") { (n: Int) in done.withLock { $0 += 1 } }
        try await engine.waitForFunction("block")

        try await worker.trigger("work", payload: 20, action: .void())
        try await worker.trigger("block", payload: 20, action: .void())
        try await engine.settle()

        #expect(done.withLock { $0 } == 22)
      }
    }
  }

  @Test("handlers of an engine with a manual clock run one after another, in the order of their calls")
  func serialHandlers() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker()
      let running = Lock((now: 0, most: 0, order: [Int]()))
      try worker.registerFunction("f") { (n: Int) async in
        running.withLock {
          $0.now += 1
          $0.most = max($0.most, $0.now)
          $0.order.append(n)
        }
        for _ in 0..<100 { _ = UInt64.random(in: 0...9) }
        running.withLock { $0.now -= 1 }
      }
      try await engine.waitForFunction("f")
      for n in 0..<200 { try await worker.trigger("f", payload: n, action: .void()) }
      try await engine.settle()
      let (_, most, order) = running.withLock { $0 }
      #expect(most == 1 && order == Array(0..<200))
    }
  }

  @Test("blocking handlers that call each other do not block the order of handlers")
  func blockingHandlers() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker()
      let blocking = worker.blocking
      try worker.registerFunction("inner") { (n: Int) in n + 1 }
      try worker.registerFunction("outer") { (n: Int) throws -> Int in try blocking.trigger("inner", payload: n) }
      try worker.registerFunction("outermost") { (n: Int) async throws -> Int in
        try await worker.trigger("outer", payload: n)
      }
      try await engine.waitForFunction("outermost")
      let two: Int = try await worker.trigger("outermost", payload: 1)
      #expect(two == 2)
      try await engine.settle()
    }
  }

  @Test("a handler that never ends is named when the engine does not settle, and can be left out by its function")
  func watchdog() async throws {
    var configuration = MockEngine.Configuration.manual()
    configuration.settlePatience = .milliseconds(100)
    try await withMockEngine(configuration) { engine in
      let (held, hold) = AsyncStream<CheckedContinuation<Void, Never>>.makeStream()
      let worker = try await engine.registerWorker()
      try worker.registerFunction("orders::stuck") { () async in await withCheckedContinuation { hold.yield($0) } }
      try await engine.waitForFunction("orders::stuck")
      async let call = worker.trigger("orders::stuck")
      let handler = await held.first { _ in true }

      let error = await #expect(throws: MockEngineError.self) { try await engine.settle() }

      let text = error?.description ?? ""
      #expect(text.hasPrefix("the engine did not settle: nothing happened for 0.1 seconds of real time"), "\(text)")
      #expect(text.contains("the handler of 'orders::stuck' runs (invocation "), "\(text)")
      try await engine.settle(ignoring: ["orders::*"])
      try await engine.advance(by: .seconds(1), ignoring: ["orders::stuck"])
      handler?.resume()
      _ = try await call
    }
  }

  @Test("of a worker with a loop of its own its unanswered invocations count, and are named")
  func otherLoop() async throws {
    var configuration = MockEngine.Configuration.manual()
    configuration.settlePatience = .milliseconds(200)
    try await withMockEngine(configuration) { engine in
      let (held, hold) = AsyncStream<CheckedContinuation<Void, Never>>.makeStream()
      let worker = try await registerWorker(engine.url, options: InitOptions(workerName: "billing"))
      try worker.registerFunction("stuck") { () async in await withCheckedContinuation { hold.yield($0) } }
      try worker.registerFunction("calls") { () async throws in try await worker.trigger("stuck") }
      let near = try await engine.registerWorker()
      try await engine.waitForFunction("calls")
      try await engine.waitForWorker(named: "billing")

      async let call = near.trigger("stuck")
      let handler = await held.first { _ in true }
      let error = await #expect(throws: MockEngineError.self) { try await engine.settle() }
      let text = error?.description ?? ""
      #expect(text.contains("'stuck' was delivered to billing (") && text.contains("is not answered"), "\(text)")
      handler?.resume()
      _ = try await call
      try await engine.settle()
      await worker.shutdown()
    }
  }

  @Test("what a worker with a loop of its own was sent is read before the engine is settled")
  func acknowledged() async throws {
    try await withMockEngine(.manual()) { engine in
      let peer = try await RawPeer.open(engine.url)
      await peer.send(#"{"type":"registerfunction","id":"f"}"#)
      try await engine.waitForFunction("f")
      let (settled, note) = AsyncStream<Void>.makeStream()
      let settling = Task {
        try await engine.settle()
        note.finish()
      }
      // The engine has sent `workerregistered`, so it asks whether that was read.
      let ping = try await peer.receive { $0.isPing }
      await peer.send(RawFrame.pong(ping.payload))
      for await _ in settled {}
      try await settling.value
      try await engine.settle()
      #expect(await peer.unread { $0.isPing } == nil)
      await peer.abort()
    }
  }

  @Test("a peer that answers no pings is given up once, and does not hold the engine later")
  func noPongs() async throws {
    var configuration = MockEngine.Configuration.manual()
    configuration.settlePatience = .milliseconds(100)
    let warnings = Warnings()
    configuration.onEvent = warnings.configuration.onEvent
    try await withMockEngine(configuration) { engine in
      let peer = try await RawPeer.open(engine.url)
      try await peer.fence()
      try await engine.settle()
      #expect(await warnings.first(with: "answers no pings") != nil)
      await peer.send(#"{"type":"ping"}"#)
      try await peer.fence()
      try await engine.settle()
      await peer.abort()
    }
  }

  @Test("settle and advance throw in a handler, which they would wait for")
  func inHandlers() async throws {
    try await withMockEngine(.manual()) { engine in
      let near = try await engine.registerWorker()
      let far = try await registerWorker(engine.url)
      let (errors, note) = AsyncStream<String>.makeStream()
      for (worker, id) in [(near, "near"), (far, "far")] {
        try worker.registerFunction(id) { () async in
          do { try await engine.settle() } catch { note.yield("\(error)") }
          do { try await engine.advance(by: .seconds(1)) } catch { note.yield("\(error)") }
        }
      }
      try await engine.waitForFunction("near")
      try await engine.waitForFunction("far")
      try await near.trigger("near")
      try await near.trigger("far")
      note.finish()
      var all: [String] = []
      for await error in errors { all.append(error) }
      let texts = ["settle", "advance"].flatMap { what in
        ["near", "far"].map { "\(what) was called in the handler of '\($0)', so it would wait for its own end" }
      }
      #expect(all.count == 4)
      for text in texts { #expect(all.contains { $0.hasPrefix(text) }, "\(text): \(all)") }
      try await engine.settle()
      await far.shutdown()
    }
  }

  @Test("a call that waits while a manual clock stands still is reported once")
  func standstill() async throws {
    var configuration = MockEngine.Configuration.manual()
    configuration.settlePatience = .milliseconds(50)
    try await withMockEngine(configuration) { engine in
      let (lines, note) = AsyncStream<String>.makeStream()
      var options = InitOptions()
      options.log = { _, line in note.yield(line) }
      let worker = try await engine.registerWorker(options: options)
      try worker.registerFunction("sleeps") { () async throws in try await engine.clock.sleep(for: .seconds(3600)) }
      try await engine.waitForFunction("sleeps")
      let call = Task { try? await worker.trigger("sleeps") }
      let line = await lines.first { _ in true }
      #expect(line?.hasPrefix("time stands still: a call of 'sleeps' has waited for 0.05 seconds of real time") == true)
      try await engine.advance(by: .seconds(30))
      _ = await call.value
      note.finish()
      #expect(await lines.first { $0.contains("stands still") } == nil)
    }
  }

  @Test("ids follow the seed")
  func seeds() async throws {
    func ids(_ seed: UInt64) async throws -> [String] {
      try await withMockEngine(.manual(seed: seed)) { engine in
        let worker = try await engine.registerWorker()
        try await engine.settle()
        let trigger = try worker.registerTrigger(CronTriggerConfig(expression: "0 0 * * * *"), functionID: "f")
        return [worker.workerID ?? "", trigger.id]
      }
    }
    let first = try await ids(1)
    #expect(try await ids(1) == first)
    #expect(try await ids(2) != first)
    #expect(Set(first).count == 2)
  }
}

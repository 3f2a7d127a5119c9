import III
import IIIMockEngine
import TestSupport
import Testing
import UV

/// The shape of swift-service-lifecycle's protocol.
private protocol Service: Sendable {
  func run() async throws
}

extension III: Service {}
extension MockEngine: Service {}

@Suite("Serving until cancelled", .timeLimit(.minutes(5)))
struct RunTests {
  /// Runs `body` with an engine and the ids of functions that end there.
  private func withEngine(
    _ body: (MockEngine, inout AsyncStream<String>.AsyncIterator) async throws -> Void
  ) async throws {
    let (ended, continuation) = AsyncStream<String>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { event in
      if case .functionUnregistered(let id, _) = event { continuation.yield(id) }
    }
    var iterator = ended.makeAsyncIterator()
    try await withMockEngine(configuration) { engine in try await body(engine, &iterator) }
  }

  @Test("a worker finishes what it has begun, and its answers arrive", arguments: [false, true])
  func worker(blocking: Bool) async throws {
    try await withEngine { engine, ended in
      let caller = try await engine.registerWorker()
      let worker = try await registerWorker(engine.url)
      let turnstile = Turnstile()
      try caller.registerFunction("helper") { (n: Int) in n + 1 }
      if blocking {
        try worker.registerFunction("slow") { (n: Int) throws -> Int in
          turnstile.pass()
          return try worker.blocking.trigger("helper", payload: n)
        }
      } else {
        try worker.registerFunction("slow") { (n: Int) async throws -> Int in
          try await onThread { turnstile.pass() }
          return try await worker.trigger("helper", payload: n)
        }
      }
      try await engine.waitForFunction("slow")
      // Longer than the 5 s of `run()`, which all of the following may take on a busy machine.
      let running = Task { try await worker.run(finishingWithin: .seconds(250)) }
      async let answer: Int = caller.trigger("slow", payload: 1)
      #expect(try await turnstile.holds(1))
      running.cancel()
      #expect(await ended.next() == "slow")
      let refused = #expect(throws: IIIInvocationError.self) { try worker.registerFunction("late") { (n: Int) in n } }
      #expect(refused?.code == "SHUTDOWN")
      let gone = await #expect(throws: IIIInvocationError.self) { try await caller.trigger("slow", payload: 2) }
      #expect(gone?.code == "function_not_found")
      #expect(worker.connectionState == .connected)
      turnstile.open()
      #expect(try await answer == 2)
      try await running.value
      #expect(worker.connectionState == .disconnected)
    }
  }

  @Test("a handler that takes too long is left, with a warning")
  func limit() async throws {
    try await withMockEngine { engine in
      let caller = try await engine.registerWorker()
      let lines = Lock<[String]>([])
      var options = InitOptions()
      options.log = { _, line in lines.withLock { $0.append(line) } }
      let worker = try await registerWorker(engine.url, options: options)
      let turnstile = Turnstile()
      try worker.registerFunction("slow") { (_: JSONValue) in turnstile.pass() }
      try await engine.waitForFunction("slow")
      let running = Task { try await worker.run(finishingWithin: .milliseconds(1)) }
      async let lost = #expect(throws: IIIInvocationError.self) { try await caller.trigger("slow") }
      #expect(try await turnstile.holds(1))
      running.cancel()
      try await running.value
      #expect(await lost?.code == "invocation_stopped")
      let warning = "1 of the handlers have not finished within 0.001 seconds: their answers are dropped"
      #expect(lines.withLock { $0.contains(warning) })
      turnstile.open()
    }
  }

  /// A provider that takes its time, to hear of a trigger or of its end.
  private struct SlowProvider: TriggerHandler {
    let isSlowAtEnd: Bool
    let turnstile = Turnstile()

    func registerTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {
      if !isSlowAtEnd { try await onThread { turnstile.pass() } }
    }
    func unregisterTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {
      if isSlowAtEnd { try await onThread { turnstile.pass() } }
    }
  }

  @Test("handlers of trigger types are waited for as well", arguments: [false, true])
  func triggerTypes(isSlowAtEnd: Bool) async throws {
    try await withMockEngine { engine in
      let owner = try await engine.registerWorker()
      let lines = Lock<[String]>([])
      var options = InitOptions()
      options.log = { _, line in lines.withLock { $0.append(line) } }
      let provider = try await registerWorker(engine.url, options: options)
      let handler = SlowProvider(isSlowAtEnd: isSlowAtEnd)
      _ = try provider.registerTriggerType(RegisterTriggerTypeInput(id: "slow", description: ""), handler: handler)
      try await engine.waitForTriggerType("slow")
      let running = Task { try await provider.run(finishingWithin: .milliseconds(1)) }
      let trigger = try owner.registerTrigger(type: "slow", functionID: "f", config: JSONValue.null)
      if isSlowAtEnd { trigger.unregister() }
      #expect(try await handler.turnstile.holds(1))
      running.cancel()
      try await running.value
      #expect(lines.withLock { $0.contains { $0.hasPrefix("1 of the handlers have not finished") } })
      handler.turnstile.open()
    }
  }

  @Test("it returns when somebody else shuts the worker down")
  func shutDown() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      async let running: Void = worker.run()
      await worker.shutdown()
      try await running
      try await worker.run()
    }
  }

  @Test("it throws when the worker has failed for good")
  func failed() async throws {
    let engine = try await MockEngine.start()
    let worker = try await registerWorker(
      engine.url, options: InitOptions(reconnection: ReconnectionConfig(maxRetries: 0)))
    let running = Task { try await worker.run() }
    await engine.shutdown()
    let error = await #expect(throws: IIIConnectionError.self) { try await running.value }
    #expect(error?.reason != nil)
    await #expect(throws: IIIConnectionError.self) { try await worker.run() }
    await worker.shutdown()
  }

  @Test("a cancelled worker without a connection waits for none")
  func offline() async throws {
    let engine = try await MockEngine.start()
    let worker = try await registerWorker(engine.url)
    var states = worker.connectionStates.makeAsyncIterator()
    #expect(await states.next() == .connected)
    await engine.shutdown()
    #expect(await states.next() == .reconnecting)
    let running = Task { try await worker.run() }
    running.cancel()
    try await running.value
    #expect(worker.connectionState == .disconnected)
  }

  @Test("an engine serves until it is cancelled or shut down")
  func engine() async throws {
    let engine = try await MockEngine.start()
    let service: any Service = engine
    let running = Task { try await service.run() }
    let worker = try await registerWorker(engine.url)
    running.cancel()
    try await running.value
    await #expect(throws: MockEngineError.stopped) { try await engine.registerWorker() }
    try await engine.run()
    await worker.shutdown()

    let other = try await MockEngine.start()
    async let ended: Void = other.run()
    await other.shutdown()
    try await ended
  }
}

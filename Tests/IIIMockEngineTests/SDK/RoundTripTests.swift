import III
import IIIMockEngine
import TestSupport
import Testing

@Suite("SDK and engine in one process")
struct RoundTripTests {
  struct Order: Codable, Equatable {
    var item: String
    var count: Int
  }

  @Test("one worker calls another")
  func call() async throws {
    try await withMockEngine { engine in
      let callee = try await registerWorker(engine.url, options: InitOptions(workerName: "callee"))
      let caller = try await registerWorker(engine.url, options: InitOptions(workerName: "caller"))
      try callee.registerFunction("orders::double") { (order: Order) async in
        Order(item: order.item, count: order.count * 2)
      }
      try await engine.waitForFunction("orders::double")
      let doubled: Order = try await caller.trigger("orders::double", payload: Order(item: "pear", count: 3))
      #expect(doubled == Order(item: "pear", count: 6))
      await caller.shutdown()
      await callee.shutdown()
      #expect(caller.connectionState == .disconnected)
    }
  }

  /// Lends an engine, a worker that has functions and one that calls them.
  private func withPair(_ body: (MockEngine, _ callee: III, _ caller: III) async throws -> Void) async throws {
    try await withMockEngine { engine in
      let callee = try await registerWorker(engine.url, options: InitOptions(workerName: "callee"))
      let caller = try await registerWorker(engine.url, options: InitOptions(workerName: "caller"))
      try callee.registerFunction("echo") { (value: JSONValue) in value }
      try await engine.waitForFunction("echo")
      try await body(engine, callee, caller)
      await caller.shutdown()
      await callee.shutdown()
    }
  }

  @Test("many callers at once each get their own result")
  func manyCallers() async throws {
    try await withPair { _, _, caller in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<64 {
          group.addTask {
            for call in 0..<50 {
              let sent = task * 1_000 + call
              let received: Int = try await caller.trigger("echo", payload: sent)
              #expect(received == sent)
            }
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("a thousand calls at once, each from a task of its own, each get their own result")
  func thousand() async throws {
    try await withPair { _, _, caller in
      let results = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<1_000 { group.addTask { try await caller.trigger("echo", payload: number) - number } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results == Array(repeating: 0, count: 1_000))
    }
  }

  @Test("large payloads, whole and in fragments", arguments: [900 << 10, 17 << 20])
  func large(bytes: Int) async throws {
    try await withPair { _, _, caller in
      let payload = String(repeating: "x", count: bytes)
      let echo: String = try await caller.trigger("echo", payload: payload)
      #expect(echo == payload)
    }
  }

  @Test("errors of the callee and of the engine")
  func errors() async throws {
    try await withPair { engine, callee, caller in
      try callee.registerFunction("fails") { (_: JSONValue) async throws -> Int in
        throw IIIInvocationError(code: "DECLINED", message: "no money", stacktrace: "trace")
      }
      try await engine.waitForFunction("fails")
      let declined = await #expect(throws: IIIInvocationError.self) {
        let _: Int = try await caller.trigger("fails", payload: 1)
      }
      #expect(declined?.description == "DECLINED: no money (function 'fails')")
      #expect(declined?.stacktrace == "trace")
      let missing = await #expect(throws: IIIInvocationError.self) {
        let _: Int = try await caller.trigger("missing", payload: 1)
      }
      #expect(missing?.code == "function_not_found")
      #expect(missing?.functionID == "missing")
    }
  }

  @Test("a callee that goes stops what waits for it")
  func calleeGoes() async throws {
    try await withPair { engine, callee, caller in
      let (entered, continuation) = AsyncStream<Void>.makeStream()
      let (gate, open) = AsyncStream<Void>.makeStream()
      try callee.registerFunction("stuck") { (_: JSONValue) async in
        continuation.finish()
        for await _ in gate {}
      }
      try await engine.waitForFunction("stuck")
      let call = Task { () -> Int? in try await caller.trigger("stuck", payload: 1) }
      for await _ in entered {}
      await callee.shutdown()
      let error = await #expect(throws: IIIInvocationError.self) { _ = try await call.value }
      #expect(error?.code == "invocation_stopped")
      open.finish()
    }
  }

  @Test("an engine that comes back finds its workers again")
  func restart() async throws {
    let reservation = ReservedPort()
    var configuration = MockEngine.Configuration()
    configuration.listeners = [.init(port: Int(reservation.port))]
    let first = try await MockEngine.start(configuration)
    var options = InitOptions(workerName: "callee")
    options.reconnection = ReconnectionConfig(initialDelay: .milliseconds(1), maxDelay: .milliseconds(20))
    options.log = { _, _ in }
    let callee = try await registerWorker(first.url, options: options)
    try callee.registerFunction("echo") { (value: Int) in value }
    options.workerName = "caller"
    let caller = try await registerWorker(first.url, options: options)
    try await first.waitForFunction("echo")
    await first.shutdown()
    var states = caller.connectionStates.makeAsyncIterator()
    while let state = await states.next(), state == .connected {}
    let engine = try await MockEngine.start(configuration)
    withExtendedLifetime(reservation) {}
    try await engine.waitForFunction("echo")
    let seven: Int = try await caller.trigger("echo", payload: 7)
    #expect(seven == 7)
    await caller.shutdown()
    await callee.shutdown()
    await engine.shutdown()
  }

  @Test("calls on a worker of the engine's own go by the engine's time")
  func engineTime() async throws {
    let time = TimeSource.manual()
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: time)
    let worker = try await engine.registerWorker(options: InitOptions(workerName: "own"))
    let (gate, open) = AsyncStream<Void>.makeStream()
    let (entered, continuation) = AsyncStream<Void>.makeStream()
    try worker.registerFunction("stuck") { (_: JSONValue) async in
      continuation.finish()
      for await _ in gate {}
    }
    try await engine.waitForFunction("stuck")
    let call = Task { () -> Int? in try await worker.trigger("stuck", payload: 1, timeout: .seconds(3_600)) }
    for await _ in entered {}
    await time.advance(by: .seconds(3_600))
    await #expect(throws: IIITimeoutError.self) { _ = try await call.value }
    open.finish()
    await engine.shutdown()
    #expect(worker.connectionState == .disconnected)
    let late = await #expect(throws: IIIInvocationError.self) {
      let _: Int = try await worker.trigger("stuck", payload: 1)
    }
    #expect(late?.code == "SHUTDOWN")
  }
}

import III
import IIIMockEngine
import TestSupport
import Testing

@Suite struct MockEngineTests {
  @Test func workersOfOneProcessCallEachOther() async throws {
    try await withMockEngine { engine in
      let callee = try await engine.registerWorker(options: InitOptions(workerName: "callee"))
      try callee.registerFunction("math::double") { (n: Int) async in n * 2 }
      try await engine.waitForFunction("math::double")
      let caller = try await registerWorker(engine.url, options: InitOptions(workerName: "caller"))
      let six: Int = try await caller.trigger("math::double", payload: 3)
      #expect(six == 6)
      try await engine.waitForWorker(named: "caller")
      await caller.shutdown()
    }
  }

  @Test func leavesNoHandleOpen() async throws {
    let engine = try await MockEngine.start()
    let worker = try await registerWorker(engine.url)
    _ = try await engine.registerWorker()
    #expect(await engine.shutdownReportingLeaks() == 0)
    await worker.shutdown()
    #expect(await engine.shutdownReportingLeaks() == 0)
    #expect(await engine.diagnostics.isEmpty)
    await #expect(throws: MockEngineError.stopped) { try await engine.waitForFunction("f") }
    await #expect(throws: MockEngineError.stopped) { try await engine.registerWorker() }
  }

  @Test("an engine without a reference ends by itself")
  func released() async throws {
    func connect() async throws -> RawPeer {
      let engine = try await MockEngine.start()
      let peer = try await RawPeer.open(engine.url)
      _ = try await engine.registerWorker()
      try await peer.fence()
      return peer
    }
    let peer = try await connect()
    _ = try await peer.ended()
  }

  @Test("a trigger is waited for, and a job of cron can be run then")
  func waitsForTriggers() async throws {
    try await withMockEngine { engine in
      struct Paid: Codable, Sendable { let id: Int }
      let (paid, continuation) = AsyncStream<Paid>.makeStream()
      let worker = try await engine.registerWorker()
      try worker.registerFunction("report::make") { () async throws in
        let ada: JSONValue = try await worker.trigger("state::get", payload: ["scope": "users", "key": "ada"])
        try await worker.trigger(
          "state::set", payload: ["scope": "reports", "key": "ages", "value": ["ada": ada["age"] ?? nil]])
      }
      try worker.registerFunction("bill::send") { (order: Paid) async in continuation.yield(order) }
      let bill = try worker.registerTrigger(SubscribeTriggerConfig(topic: "orders.paid"), functionID: "bill::send")
      let nightly = try worker.registerTrigger(CronTriggerConfig(expression: "0 0 3 * * *"), functionID: "report::make")
      try await engine.state(scope: "users").set("ada", to: ["age": 36])
      try await engine.waitForTrigger(nightly.id)
      try await engine.cron.fire(triggerID: nightly.id)
      #expect(try await engine.state(scope: "reports").value("ages") == ["ada": 36])

      try await engine.waitForTrigger(bill.id)
      try await engine.publish(topic: "orders.paid", data: Paid(id: 17))
      var orders = paid.makeAsyncIterator()
      #expect(await orders.next()?.id == 17)

      let error = await #expect(throws: MockEngineError.self) {
        try await engine.waitForTrigger("none", within: .milliseconds(1))
      }
      let text = "trigger 'none' did not appear within 0.001 seconds: the triggers are "
      #expect(error?.description.hasPrefix(text) == true)
    }
  }

  @Test("a trigger of a misspelled type waits, and the engine names the type that may be meant")
  func similarTriggerType() async throws {
    let (types, note) = AsyncStream<String?>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { event in
      if case .triggerParked(_, "webhok", _, let similar) = event { note.yield(similar) }
    }
    try await withMockEngine(configuration) { engine in
      #expect(engine.url.hasSuffix(":\(engine.port)") && engine.port > 0)
      let peer = try await RawPeer.open(engine.url)
      await peer.send(#"{"type":"registertriggertype","id":"webhook","description":"d"}"#)
      await peer.send(#"{"type":"registertrigger","id":"t","trigger_type":"webhok","function_id":"f","config":{}}"#)
      var type = types.makeAsyncIterator()
      #expect(await type.next() == .some("webhook"))
    }
  }

  @Test("a wait that takes too long throws, with the names that there are and the nearest of them")
  func waitsEnd() async throws {
    try await withMockEngine { engine in
      let none = await #expect(throws: MockEngineError.self) {
        try await engine.waitForFunction("webhook", within: .milliseconds(1))
      }
      #expect(
        none?.description
          == "function 'webhook' did not appear within 0.001 seconds: there are no functions")
      let worker = try await engine.registerWorker(options: InitOptions(workerName: "shop"))
      try worker.registerFunction("orders::price") { (n: Int) async in n }
      try worker.registerFunction("audit") { (n: Int) async in n }
      try await engine.waitForFunction("audit")
      let function = await #expect(throws: MockEngineError.self) {
        try await engine.waitForFunction("order::price", within: .milliseconds(1))
      }
      #expect(
        function?.description
          == "function 'order::price' did not appear within 0.001 seconds (did you mean 'orders::price'?): "
          + "the functions are 'audit', 'orders::price'")
      let name = await #expect(throws: MockEngineError.self) {
        try await engine.waitForWorker(named: "shep", within: .milliseconds(1))
      }
      #expect(name?.description.contains("did you mean 'shop'?") == true)
    }
  }

  @Test("a wait on an engine with a manual clock ends by real time, and leaves no timer behind")
  func waitsOfManualClocks() async throws {
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: .manual())
    await #expect(throws: MockEngineError.self) { try await engine.waitForFunction("f", within: .milliseconds(1)) }
    async let found: Void = engine.waitForFunction("f", within: .seconds(1_000))
    let worker = try await engine.registerWorker()
    try worker.registerFunction("f") { (n: Int) async in n }
    try await found
    await worker.shutdown()
    #expect(await engine.shutdownReportingLeaks() == 0)
  }

  @Test func aTakenPortIsSaid() async throws {
    try await withMockEngine { engine in
      let port = Int(engine.url.split(separator: ":").last ?? "") ?? 0
      var configuration = MockEngine.Configuration()
      configuration.listeners = [.init(port: 0), .init(port: port)]
      await #expect(throws: MockEngineError.addressInUse(host: "127.0.0.1", port: port)) {
        try await MockEngine.start(configuration)
      }
    }
  }

  @Test(arguments: ["not a host", "256.0.0.1"]) func aHostMustBeAnAddress(host: String) async {
    var configuration = MockEngine.Configuration()
    configuration.listeners = [.init(host: host)]
    await #expect(throws: MockEngineError.self) { try await MockEngine.start(configuration) }
  }

  @Test func listenersShareOneEngine() async throws {
    var configuration = MockEngine.Configuration()
    configuration.listeners = [.init(), .init(host: "::1"), .init(host: "localhost")]
    try await withMockEngine(configuration) { engine in
      #expect(engine.addresses.count == 3 && engine.addresses[1].hasPrefix("ws://[::1]:"))
      let callee = try await registerWorker(engine.addresses[0])
      try callee.registerFunction("f") { (n: Int) async in n + 1 }
      try await engine.waitForFunction("f")
      for address in engine.addresses {
        let caller = try await registerWorker(address)
        let two: Int = try await caller.trigger("f", payload: 1)
        #expect(two == 2)
        await caller.shutdown()
      }
      await callee.shutdown()
    }
  }

  @Test func aCancelledWaitEnds() async throws {
    try await withMockEngine { engine in
      let waiting = Task { try await engine.waitForFunction("never") }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
    }
  }

  @Test func aShutdownEndsThoseWhoWait() async throws {
    let engine = try await MockEngine.start()
    let waiting = Task { try await engine.waitForWorker(named: "never") }
    await engine.shutdown()
    await #expect(throws: MockEngineError.stopped) { try await waiting.value }
  }
}

import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

@Suite struct StubTests {
  struct Order: Codable, Sendable, Equatable {
    var id: Int
    var total: Double
  }

  @Test("a stub is a function without a worker: with code, typed or on JSON, and with a value")
  func functions() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns = []
    try await withMockEngine(configuration) { engine in
      let worker = try await registerWorker(engine.url)
      try engine.stub("orders::double") { (order: Order) in Order(id: order.id, total: order.total * 2) }
      try engine.stub("bank::charge") { payload in ["ok": true, "id": payload["id"] ?? nil] }
      try engine.stub("rates::euro", returning: 1.08)
      try engine.stub("orders::first", returning: Order(id: 1, total: 2))
      try engine.stub("nothing", returning: nil)

      let doubled: Order = try await worker.trigger("orders::double", payload: Order(id: 3, total: 1.5))
      #expect(doubled == Order(id: 3, total: 3))
      #expect(try await worker.ask("bank::charge", ["id": 7]) == ["ok": true, "id": 7])
      #expect(try await worker.ask("rates::euro", nil) == 1.08)
      let first: Order = try await engine.call("orders::first")
      #expect(first == Order(id: 1, total: 2))
      #expect(try await engine.call("nothing") == nil)

      let names = try await worker.listFunctions().map { "\($0.functionID) of \($0.workerName ?? "nobody")" }
      #expect(
        names.sorted()
          == ["bank::charge", "nothing", "orders::double", "orders::first", "rates::euro"].map { "\($0) of mock" })
      await worker.shutdown()
    }
  }

  @Test("a stub's code runs in the context of the call, without the member that the engine adds")
  func context() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker(options: InitOptions(workerName: "web"))
      try engine.stub("seen") { payload in
        let context = InvocationContext.current
        return [
          "payload": payload, "function": .string(context?.functionID ?? ""),
          "caller": .string(context?.callerWorkerID ?? ""), "metadata": context?.metadata ?? nil,
        ]
      }
      let seen: JSONValue = try await worker.trigger(
        "seen", payload: ["a": 1, "_caller_worker_id": "forged"], metadata: ["tenant": "x"])
      #expect(
        seen == [
          "payload": ["a": 1], "function": "seen", "caller": .string(worker.workerID ?? "?"),
          "metadata": ["tenant": "x"],
        ])
    }
  }

  @Test("failures come at once, with the code and text of the real engine")
  func failures() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker()
      try engine.fail("slow", with: .timeout)
      try engine.fail("secret", with: .forbidden)
      try engine.fail("bank::charge", with: .code("DECLINED", "insufficient funds"))
      try engine.stub("throws") { (n: Int) -> Int in
        throw IIIInvocationError(code: "ODD", message: "\(n)")
      }
      await #expect(throws: IIITimeoutError.self) { try await worker.trigger("slow") }
      let forbidden = await #expect(throws: IIIForbiddenError.self) { try await worker.trigger("secret") }
      #expect(forbidden?.message == "function 'secret' not allowed (add to rbac.expose_functions)")
      let declined = await #expect(throws: IIIInvocationError.self) { try await engine.call("bank::charge") }
      #expect(
        declined == IIIInvocationError(code: "DECLINED", message: "insufficient funds", functionID: "bank::charge"))
      let thrown = await #expect(throws: IIIInvocationError.self) { try await worker.trigger("throws", payload: 3) }
      #expect(thrown?.code == "ODD" && thrown?.message == "3")
      let mistyped = await #expect(throws: IIIInvocationError.self) { try await engine.call("throws", "three") }
      #expect(mistyped?.code == "invocation_failed" && mistyped?.message.hasPrefix("invalid payload: ") == true)
      let missing = await #expect(throws: IIIInvocationError.self) { try await engine.call("nobody") }
      #expect(missing?.code == "function_not_found")
    }
  }

  @Test("responses of a sequence are used one after another, and the last one stays")
  func sequences() async throws {
    try await withMockEngine { engine in
      let stub = try engine.stub("f", returning: 1).then(failing: .code("BUSY", "later")).then { _ in 3 }
        .then(returning: 4)
      var seen: [String] = []
      for _ in 0..<5 {
        do { seen.append("\(try await engine.call("f") as Int)") } catch { seen.append("\(error)") }
      }
      #expect(seen == ["1", "BUSY: later (function 'f')", "3", "4", "4"])
      #expect(try await stub.calls == 5)
      try await stub.waitForCalls(5)
      let error = await #expect(throws: MockEngineError.self) {
        try await stub.waitForCalls(6, within: .milliseconds(1))
      }
      #expect(
        error?.description.hasPrefix("the stub of 'f' was called 5 times within 0.001 seconds, expected 6") == true)
    }
  }

  @Test("a stub goes in front of a function, of later registrations too, and gives it back")
  func inFront() async throws {
    var configuration = MockEngine.Configuration.manual()
    configuration.builtIns = []
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let caller = try await engine.registerWorker()
      let function = try worker.registerFunction("f") { (n: Int) async in "first" }
      try await engine.waitForFunction("f")
      let stub = try engine.stub("f", returning: "stub")
      #expect(try await caller.trigger("f", payload: 1) == "stub")

      let other = try await engine.registerWorker()
      try other.registerFunction("f") { (n: Int) async in "second" }
      try await engine.settle()
      #expect(try await caller.trigger("f", payload: 1) == "stub")
      stub.remove()
      #expect(try await caller.trigger("f", payload: 1) == "second")

      let again = try engine.stub("f", returning: "again")
      #expect(try await engine.call("f") == "again")
      await other.shutdown()
      function.unregister()
      try await engine.settle()
      #expect(try await caller.listFunctions().map(\.functionID) == ["f"])
      again.remove()
      let error = await #expect(throws: IIIInvocationError.self) { try await caller.trigger("f", payload: 1) }
      #expect(error?.code == "function_not_found")
      #expect(try await caller.listFunctions().isEmpty)
      // All calls that somebody answered, whoever it was.
      try await engine.verify("f", calledTimes: 4)
    }
  }

  @Test("a stub for some calls or some payloads lets the others through")
  func matching() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("charge") { (payload: JSONValue) async in ["real": payload] as JSONValue }
      try await engine.waitForFunction("charge")
      try engine.stub("charge", returning: "rich", when: ["customer": ["tier": "gold"]])
      try engine.stub("charge", returning: "once", when: ["customer": ["id": 7]], times: 1)

      func charge(_ payload: JSONValue) async throws -> JSONValue { try await worker.ask("charge", payload) }
      #expect(try await charge(["customer": ["id": 7, "tier": "gold"], "sum": 3]) == "once")
      #expect(try await charge(["customer": ["id": 7, "tier": "gold"], "sum": 3]) == "rich")
      #expect(try await charge(["customer": ["id": 7]]) == ["real": ["customer": ["id": 7]]])
      #expect(try await charge(["customer": "gold"]) == ["real": ["customer": "gold"]])
      #expect(try await charge([1]) == ["real": [1]])
      let all = try engine.stub("charge", returning: "all", times: 2)
      #expect(try await charge([1]) == "all")
      #expect(try await engine.call("charge", 1) == "all")
      #expect(try await charge([1]) == ["real": [1]])
      #expect(try await all.calls == 2)
      try await engine.verify("charge", calledTimes: 8)
    }
  }

  @Test("a delay passes calls on to the function by the engine's time, with caller, context and trace")
  func delays() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker()
      let caller = try await engine.registerWorker()
      let timeline = Timeline(engine)
      try worker.registerFunction("f") { (payload: JSONValue) async -> JSONValue in
        let context = InvocationContext.current
        timeline.note("\(payload) of \(context?.callerWorkerID == caller.workerID), \(context?.metadata ?? nil)")
        return "real"
      }
      try await engine.waitForFunction("f")
      let delay = try engine.delay("f", by: .seconds(3))
      let answers = Lock<[JSONValue]>([])
      let calls = Task {
        let answer: JSONValue = try await caller.trigger("f", payload: ["a": 1], metadata: ["m": 2])
        answers.withLock { $0.append(answer) }
      }
      let direct = Task { try await engine.call("f", ["a": 2]) as JSONValue }
      try await delay.waitForCalls(2)
      #expect(timeline.all == [])
      try await engine.advance(by: .milliseconds(2_999))
      #expect(timeline.all == [])
      try await engine.advance(by: .milliseconds(1))
      try await calls.value
      #expect(try await direct.value == "real")
      #expect(answers.withLock { $0 } == ["real"])
      #expect(
        timeline.all.sorted() == [#"3000 {"a":1} of true, {"m":2}"#, #"3000 {"a":2} of false, null"#])
      try await engine.verify("f", calledTimes: 2)

      // A delay in front of an older stub, and calls that end before their time has come.
      try engine.stub("g", returning: 1)
      let slow = try engine.delay("g", by: .seconds(60))
      let late = Task { try await caller.trigger("g", timeout: .seconds(30)) }
      try await slow.waitForCalls(1)
      try await engine.advance(by: .seconds(30))
      await #expect(throws: IIITimeoutError.self) { try await late.value }
      try await engine.advance(by: .seconds(60))
      #expect(throws: MockEngineError.self) { try engine.delay("g", by: .seconds(-1)) }
    }
  }

  @Test("calls that hang leave the engine settled, and end when the stub is removed")
  func hanging() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker()
      let stub = try engine.hang("f")
      let call = Task { try await worker.trigger("f", timeout: .seconds(3600)) }
      let direct = Task { try await engine.call("f", timeout: .seconds(10)) }
      try await stub.waitForCalls(2)
      try await engine.advance(by: .seconds(10))
      await #expect(throws: IIITimeoutError.self) { try await direct.value }
      try await engine.advance(by: .seconds(1000))
      stub.remove()
      let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
      #expect(error?.code == "invocation_stopped")
      try await engine.settle()
    }
  }

  @Test("code of a stub may sleep by the engine's clock and call, while the engine settles")
  func waitingCode() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("real") { (n: Int) async in n + 1 }
      try await engine.waitForFunction("real")
      let stub = try engine.stub("slow") { (n: Int) async throws -> Int in
        try await engine.clock.sleep(for: .seconds(20))
        return try await engine.call("real", n)
      }
      let call = Task { try await worker.trigger("slow", payload: 1, as: Int.self) }
      try await stub.waitForCalls()
      try await engine.advance(by: .seconds(20))
      #expect(try await call.value == 2)
      let error = await #expect(throws: MockEngineError.self) {
        try engine.stub("loops") { _ in
          try await engine.settle()
          return nil
        }
        do { try await engine.call("loops") } catch let error as IIIInvocationError {
          throw MockEngineError.invalidAdvance(error.message)
        }
      }
      #expect(error?.description.contains("settle was called in the handler of 'loops'") == true)
    }
  }

  @Test("functions of the engine, an empty id and no calls are refused with words")
  func refusals() async throws {
    try await withMockEngine { engine in
      func text(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return ""
      }
      #expect(
        text { try engine.stub("engine::functions::list", returning: nil) }
          == "'engine::functions::list' cannot be stubbed: every worker relies on the functions engine::…; stub a function that "
          + "calls it, or deny it (`engine.access.deny`)")
      #expect(text { try engine.hang("mock::stubs::add") }.hasPrefix("'mock::stubs::add' cannot be stubbed"))
      #expect(text { try engine.fail(" ", with: .timeout) } == "a stub needs the id of a function: it was given none")
      #expect(text { try engine.stub("f", returning: 1, times: 0) }.contains("`times` is at least 1"))
      // Others of the engine may be: their function comes back.
      let stub = try engine.stub("state::get", returning: "stubbed")
      #expect(try await engine.call("state::get", ["scope": "s", "key": "k"]) == "stubbed")
      stub.remove()
      #expect(try await engine.call("state::get", ["scope": "s", "key": "k"]) == nil)
    }
  }

  @Test("a stub holds for every call that is made after it, from any worker")
  func order() async throws {
    try await withMockEngine { engine in
      let near = try await engine.registerWorker()
      let far = try await registerWorker(engine.url)
      for n in 0..<200 {
        let stub = try engine.stub("f", returning: .int(Int64(n)))
        let seen: Int = try await (n % 2 == 0 ? near : far).trigger("f")
        #expect(seen == n)
        if n % 3 == 0 { stub.remove() }
      }
      await far.shutdown()
    }
  }

  @Test("a shutdown ends calls without a worker")
  func shutdown() async throws {
    let engine = try await MockEngine.start()
    let stub = try engine.hang("f")
    let call = Task { try await engine.call("f") }
    try await stub.waitForCalls()
    let cancelled = Task { try await engine.call("f") }
    try await stub.waitForCalls(2)
    cancelled.cancel()
    await #expect(throws: CancellationError.self) { try await cancelled.value }
    #expect(await engine.shutdownReportingLeaks() == 0)
    await #expect(throws: MockEngineError.stopped) { try await call.value }
    await #expect(throws: MockEngineError.stopped) { try await engine.call("f") }
    await #expect(throws: MockEngineError.stopped) { _ = try await stub.calls }
  }
}

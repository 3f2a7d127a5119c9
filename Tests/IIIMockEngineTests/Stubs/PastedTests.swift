import III
import IIIMockEngine
import IIIMockEngineTesting
import Testing

/// The tests that the article "Testing workers" offers to paste.
@Suite(.timeLimit(.minutes(5))) struct PastedTests {
  @Test("a call that takes too long is given up", .mockEngine(clock: .manual))
  func timeOut() async throws {
    let engine = try MockEngine.current
    let worker = try await engine.registerWorker()
    try engine.hang("bank::charge")
    let charge = Task(executorPreference: engine.taskExecutor) {
      try await worker.trigger("bank::charge", payload: ["sum": 3])
    }
    try await engine.advance(by: .seconds(30))
    await #expect(throws: IIITimeoutError.self) { try await charge.value }
  }

  @Test("a payment is tried again after the bank's worker was lost", .mockEngine(clock: .manual))
  func retryAfterDisconnect() async throws {
    let engine = try MockEngine.current
    let bank = try await engine.registerWorker(options: InitOptions(workerName: "bank"))
    try bank.registerFunction("bank::charge") { (sum: Int) async in sum }
    let shop = try await engine.registerWorker(options: InitOptions(workerName: "shop"))
    try shop.registerFunction("shop::pay") { (sum: Int) async throws -> Int in
      for _ in 1...3 {
        do {
          return try await shop.trigger("bank::charge", payload: sum)
        } catch let error as IIIInvocationError where error.code == "invocation_stopped" {
          try await engine.clock.sleep(for: .seconds(5))
        }
      }
      throw IIIInvocationError(code: "UNAVAILABLE", message: "the bank does not answer")
    }
    try await engine.waitForFunction("bank::charge")
    try await engine.waitForFunction("shop::pay")

    engine.faults.add(.killWorker(during: "bank::charge"))
    let payment = Task(executorPreference: engine.taskExecutor) {
      try await engine.call("shop::pay", 12, as: Int.self)
    }
    try await engine.advance(by: .seconds(5))
    #expect(try await payment.value == 12)
    try await engine.verify("bank::charge", calledTimes: 2)
  }

  @Test("a caller learns that it may not call", .mockEngine)
  func forbidden() async throws {
    let engine = try MockEngine.current
    let worker = try await engine.registerWorker()
    try worker.registerFunction("orders::charge") { (id: Int) async in id }
    try await engine.waitForFunction("orders::charge")

    engine.faults.add(.deny("orders::*"))
    await #expect(throws: IIIForbiddenError.self) { try await worker.trigger("orders::charge", payload: 9) }
    let charged: Int = try await worker.trigger("orders::charge", payload: 9)  // the fault has had its one effect
    #expect(charged == 9)
  }

  @Test("an order has a price although the rates are slow", .mockEngine(clock: .manual))
  func slowDependency() async throws {
    let engine = try MockEngine.current
    let worker = try await engine.registerWorker()
    try engine.stub("rates::euro", returning: 1.08)
    try engine.delay("rates::euro", by: .seconds(4))
    try worker.registerFunction("orders::price") { (sum: Double) async throws -> Double in
      do {
        let rate: Double = try await worker.trigger("rates::euro", timeout: .seconds(3))
        return sum * rate
      } catch is IIITimeoutError {
        return sum
      }
    }
    try await engine.waitForFunction("orders::price")

    let price = Task(executorPreference: engine.taskExecutor) {
      try await engine.call("orders::price", 100.0, as: Double.self)
    }
    try await engine.advance(by: .seconds(3))
    #expect(try await price.value == 100)
  }

  @Test("a function can be called again after the engine has restarted", .mockEngine(clock: .manual))
  func restart() async throws {
    let engine = try MockEngine.current
    let worker = try await engine.registerWorker()
    try worker.registerFunction("orders::charge") { (id: Int) async in id }
    try await engine.waitForFunction("orders::charge")

    try await engine.restart()
    try await engine.advance(by: .seconds(2))  // the delay before the first attempt to connect again
    try await engine.waitForFunction("orders::charge")
    let charged: Int = try await worker.trigger("orders::charge", payload: 1)
    #expect(charged == 1)
  }

  @Test("a worker is back after its connection was half open", .mockEngine)
  func halfOpen() async throws {
    let engine = try MockEngine.current
    let quick = ReconnectionConfig(initialDelay: .milliseconds(1), jitterFactor: 0)
    let orders = try await engine.registerWorker(options: InitOptions(workerName: "orders", reconnection: quick))
    try orders.registerFunction("orders::charge") { (id: Int) async in id }
    let web = try await engine.registerWorker(options: InitOptions(workerName: "web"))
    try await engine.waitForFunction("orders::charge")
    try await engine.waitForWorker(named: "orders")

    let cut = engine.faults.add(.halfOpen(noticedBy: .engine, worker: "orders"))
    try await engine.waitUntil("the cut") { await engine.faults.unmatched.isEmpty }
    await #expect(throws: IIIInvocationError.self) { try await web.trigger("orders::charge", payload: 1) }
    cut.remove()  // the worker learns of it, connects and registers again
    try await engine.waitForFunction("orders::charge")
    let charged: Int = try await web.trigger("orders::charge", payload: 1)
    #expect(charged == 1)
  }
}

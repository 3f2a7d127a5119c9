import III
import IIIMockEngine
import TestSupport
import Testing

/// Compiles and runs the code of the article "Testing workers".
@Suite(.timeLimit(.minutes(5))) struct TestingArticleTests {
  @Test("every Swift block of the article is in this file or beside it, line by line")
  func blocksAreHere() throws {
    try Article.expectBlocks(of: "Testing workers", count: 12, in: #filePath, and: "PastedTests.swift")
  }

  @Test("the code of the article does what it says")
  func runs() async throws {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual
    configuration.seed = 1
    let engine = try await MockEngine.start(configuration)
    let worker = try await engine.registerWorker(options: InitOptions(workerName: "orders"))

    try engine.hang("bank::charge")
    let charge = Task(executorPreference: engine.taskExecutor) {
      try await worker.trigger("bank::charge", payload: ["sum": 3])
    }
    try await engine.advance(by: .seconds(30))
    await #expect(throws: IIITimeoutError.self) { try await charge.value }

    try engine.stub("rates::euro", returning: 1.08)
    try engine.delay("rates::euro", by: .seconds(4))
    try worker.registerFunction("orders::price") { (sum: Double) async throws -> Double in
      do {
        let rate: Double = try await worker.trigger("rates::euro", timeout: .seconds(3))
        return sum * rate
      } catch is IIITimeoutError {
        return sum  // without a rate in time
      }
    }
    try await engine.waitForFunction("orders::price")
    let price = Task(executorPreference: engine.taskExecutor) {
      try await engine.call("orders::price", 100.0, as: Double.self)
    }
    try await engine.advance(by: .seconds(3))
    #expect(try await price.value == 100)

    let bank = try engine.stub("bank::refund") { payload in ["ok": true, "order": payload["order"] ?? nil] }
      .then(failing: .code("DECLINED", "already refunded"))
    #expect(try await engine.call("bank::refund", ["order": 7]) == ["ok": true, "order": 7])
    let error = await #expect(throws: IIIInvocationError.self) {
      try await worker.trigger("bank::refund", payload: ["order": 7])
    }
    #expect(error?.code == "DECLINED")
    #expect(try await bank.calls == 2)
    bank.remove()

    try await engine.restart()
    try await engine.advance(by: .seconds(2))  // the delay before the first attempt to connect again
    try await engine.waitForFunction("orders::price")

    await engine.shutdown()
  }
}

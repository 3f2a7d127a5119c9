import III
import IIIMockEngine
import TestSupport
import Testing

/// Compiles and runs the code of the article "Journal and faults".
@Suite(.timeLimit(.minutes(5))) struct JournalArticleTests {
  @Test("every Swift block of the article is in this file, line by line")
  func blocksAreHere() throws {
    try Article.expectBlocks(of: "Journal and faults", count: 6, in: #filePath)
  }

  @Test("the code of the article does what it says")
  func runs() async throws {
    let engine = try await MockEngine.start()
    let options = InitOptions(
      workerName: "orders", reconnection: ReconnectionConfig(initialDelay: .milliseconds(1), jitterFactor: 0))
    let orders = try await registerWorker(engine.url, options: options)
    try orders.registerFunction("orders::charge") { (order: JSONValue) async in order }
    let worker = try await registerWorker(engine.url, options: InitOptions(workerName: "web"))
    try await engine.waitForFunction("orders::charge")
    try await engine.waitForWorker(named: "orders")

    try await worker.trigger("orders::charge", payload: ["id": 7])
    try await engine.verify("orders::charge", calledTimes: 1)
    let calls = await engine.journal.invocations(of: "orders::charge")
    #expect(calls.map(\.payload) == [["id": 7]])

    try await engine.waitForInvocation(of: "orders::*")
    try await engine.waitForCompletion(of: "orders::charge")
    try await engine.waitUntil("the registration") {
      await engine.journal.frames(.registerFunction, worker: "orders").count == 1
    }

    engine.faults.add(.killWorker(during: "orders::charge"))
    let error = await #expect(throws: IIIInvocationError.self) {
      try await worker.trigger("orders::charge", payload: ["id": 8])
    }
    #expect(error?.code == "invocation_stopped")
    try await engine.waitForFunction("orders::charge")
    try await worker.trigger("orders::charge", payload: ["id": 8])

    engine.faults.add(.deny("orders::*"))
    await #expect(throws: IIIForbiddenError.self) {
      try await worker.trigger("orders::charge", payload: ["id": 9])
    }

    let cut = engine.faults.add(.halfOpen(noticedBy: .engine, worker: "orders"))
    try await engine.waitUntil("the cut") { await engine.faults.unmatched.isEmpty }
    await #expect(throws: IIIInvocationError.self) {
      try await worker.trigger("orders::charge", payload: ["id": 10])
    }
    cut.remove()  // the worker learns of it, connects and registers again
    try await engine.waitForFunction("orders::charge")

    let channel = try await worker.createChannel()
    let id = channel.readerRef.channelID
    try await engine.channels.slow(id, bytesPerSecond: 1000)  // of the engine's time
    let status = try await engine.channels.status(id)  // both ends, what waits, what has passed
    let waiting = try await engine.channels.buffered(id)
    try await engine.channels.cut(id, .reader)  // .writer, .reader, or both
    #expect(status.bytesPerSecond == 1000 && status.messagesPassed == 0 && waiting == 0)

    await worker.shutdown()
    await orders.shutdown()
    await engine.shutdown()
  }
}

import III
import IIIMockEngine
import TestSupport
import Testing

/// Compiles and runs the code of the article "Queues".
@Suite(.timeLimit(.minutes(5))) struct QueuesArticleTests {
  @Test("every Swift block of the article is in this file, line by line")
  func blocksAreHere() throws {
    try Article.expectBlocks(of: "Queues", count: 5, in: #filePath)
  }

  @Test("the code of the article does what it says")
  func runs() async throws {
    var configuration = MockEngine.Configuration()
    configuration.queues["payments"] = .init(maxRetries: 3, concurrency: 2)
    configuration.queues["ledger"] = .init(messageGroupField: "account")
    let engine = try await MockEngine.start(configuration)

    let worker = try await registerWorker(engine.url)
    try worker.registerFunction("payments::charge") { (order: JSONValue) async throws -> JSONValue in
      guard order["amount"] != 0 else { throw IIIInvocationError(code: "DECLINED", message: "nothing to pay") }
      let attempt = InvocationContext.current?.delivery?.attempt ?? 0
      return ["attempt": .init(attempt)]
    }
    try await engine.waitForFunction("payments::charge")
    let receipt = try await worker.trigger(
      "payments::charge", payload: ["amount": 12], action: .enqueue(queue: "payments"))
    print(receipt.messageReceiptId)

    let payments = engine.queue("payments")
    try await payments.drain()
    try await payments.pause()
    try await payments.enqueue("payments::charge", payload: ["amount": 0])
    let waiting = try await payments.jobs
    precondition(waiting.count == 1 && waiting[0].state == .waiting)

    try await payments.set(retries: .disabled)
    let deliveries = try await payments.drain()
    precondition(deliveries.count == 1 && deliveries[0].isDeadLetter)
    try await payments.resume()

    let letter = try await payments.waitForDeadLetter()
    precondition(letter.history.last?.errorCode == "DECLINED")
    print(letter.payload, letter.attempt, letter.history.last?.worker?.description ?? "no worker")

    try await payments.redrive(letter.id)  // once more, with all attempts
    try await payments.waitForDeadLetter()
    try await payments.discard()  // all of them

    let trigger = try worker.registerTrigger(
      QueueTriggerConfig(topic: "orders.paid", options: .init(concurrency: 1, maxRetries: 2)),
      functionID: "payments::charge")
    try await engine.waitForTrigger(trigger.id)
    try await worker.publish(topic: "orders.paid", data: ["amount": 3])
    try await engine.queue("orders.paid").drain()
    #expect(try await engine.queue("orders.paid").jobs.isEmpty)
    await worker.shutdown()
    await engine.shutdown()
  }
}

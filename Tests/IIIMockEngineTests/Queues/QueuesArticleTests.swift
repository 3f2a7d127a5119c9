import Foundation
import III
import IIIMockEngine
import TestSupport
import Testing

/// Compiles and runs the code of the article "Queues".
@Suite(.timeLimit(.minutes(1))) struct QueuesArticleTests {
  @Test("every Swift block of the article is in this file, line by line")
  func blocksAreHere() throws {
    let here = URL(fileURLWithPath: #filePath)
    let root = (0..<4).reduce(here) { url, _ in url.deletingLastPathComponent() }
    let article = try String(contentsOf: root.appendingPathComponent("Documentation/Queues.md"), encoding: .utf8)
    let source = Self.lines(try String(contentsOf: here, encoding: .utf8)).joined(separator: "\n")
    var blocks: [[String]] = []
    var isInside = false
    for line in Self.lines(article) {
      if line == "```swift" { blocks.append([]) }
      if line.hasPrefix("```") {
        isInside = line == "```swift"
      } else if isInside {
        blocks[blocks.count - 1].append(line)
      }
    }
    #expect(blocks.count == 5)
    for block in blocks {
      let text = block.filter { !$0.isEmpty }.joined(separator: "\n")
      #expect(source.contains(text), "\(text)")
    }
  }

  /// Without indentation and blank lines.
  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map { String($0.drop { $0 == " " }) }
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

import III
import IIIMockEngine
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
}

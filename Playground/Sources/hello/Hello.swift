import III
import IIIMockEngine

struct Order: Codable, Sendable { let item: String, count: Int }
struct Price: Codable, Sendable { let total: Int }

/// An engine and two workers in one process: `swift run hello`.
@main
struct Hello {
  static func main() async throws {
    let engine = try await MockEngine.start()
    let shop = try await registerWorker(engine.url, options: InitOptions(workerName: "shop"))
    try shop.registerFunction("shop::price") { (order: Order) async throws -> Price in
      guard order.count > 0 else {
        throw IIIInvocationError(code: "NOTHING_ORDERED", message: "the count is \(order.count)")
      }
      return Price(total: 25 * order.count)
    }
    try await engine.waitForFunction("shop::price")

    let customer = try await registerWorker(engine.url, options: InitOptions(workerName: "customer"))
    let price: Price = try await customer.trigger("shop::price", payload: Order(item: "pear", count: 3))
    print("three pears: \(price.total)")
    do {
      let _: Price = try await customer.trigger("shop::price", payload: Order(item: "pear", count: 0))
    } catch let error as IIIInvocationError {
      print("no pears: \(error)")
    }

    await customer.shutdown()
    await shop.shutdown()
    await engine.shutdown()
  }
}

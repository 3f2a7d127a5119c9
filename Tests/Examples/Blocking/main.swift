import III

struct Order: Codable, Sendable { let item: String, count: Int }

let worker = try registerBlockingWorker()  // III_URL, else ws://127.0.0.1:49134
try worker.registerFunction("shop::price") { (order: Order) throws -> Int in
  guard order.count > 0 else { throw IIIInvocationError(code: "NOTHING_ORDERED", message: "no \(order.item)s") }
  return 25 * order.count
}
try worker.registerFunction("shop::bill") { (orders: [Order]) throws -> Int in
  try orders.reduce(0) { try $0 + worker.trigger("shop::price", payload: $1) }
}

let orders = [Order(item: "pear", count: 3), Order(item: "fig", count: 1)]
let bill: Int = try worker.trigger("shop::bill", payload: orders)
print("the bill: \(bill)")  // the bill: 100
worker.shutdown()

import III

// Top-level code without `await`: the worker blocks.
let worker = try registerBlockingWorker()
defer { worker.shutdown() }
try worker.registerFunction("shop::price") { (count: Int) in 25 * count }
try worker.registerFunction("shop::bill") { (counts: [Int]) throws -> Int in
  try counts.reduce(0) { try $0 + worker.trigger("shop::price", payload: $1) }
}
let total: Int = try worker.trigger("shop::bill", payload: [1, 2])
print(total)

import III

// Top-level code with `await` is a task: the worker is async.
let worker = try await registerWorker()
try worker.registerFunction("shop::price") { (count: Int) async in 25 * count }
try worker.registerFunction("shop::bill") { (counts: [Int]) async throws in
  var total = 0
  for count in counts { total += try await worker.trigger("shop::price", payload: count) }
  return total
}
let total: Int = try await worker.trigger("shop::bill", payload: [1, 2])
print(total)
try await worker.run()

import III

let worker = try await registerWorker("ws://127.0.0.1:49134")
try worker.registerFunction("swift::double") { (n: Int) async in 2 * n }
print(try await worker.trigger("demo::greet", payload: ["name": "Swift"]))
try await worker.run()

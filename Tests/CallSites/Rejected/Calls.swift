import III

struct Order: Codable, Sendable { var item = "pear" }
struct Opaque: Sendable {}

func mixedVariables(_ worker: III, n: Int, name: String) async throws {
  try await worker.trigger("f", payload: ["n": n, "name": name])  // error: values of several types
  let a: Int = try await worker.trigger("f", payload: ["n": n, "name": name])  // error: values of several types
  try await worker.trigger("f", payload: [n, name])  // error: values of several types
  print(a)
}

func mixedVariables(_ worker: BlockingWorker, n: Int, name: String) throws {
  try worker.trigger("f", payload: ["n": n, "name": name])  // error: values of several types
}

func blockingForms(_ worker: III) throws {
  try worker.trigger("f", payload: 1)  // error: 'async' call in a function that does not support concurrency
  _ = try registerWorker()  // error: 'async' call in a function that does not support concurrency
}

func withoutAwait(_ worker: III) async throws {
  worker.shutdown()  // error: expression is 'async' but is not marked with 'await'
  try worker.trigger("f", payload: 1)  // error: expression is 'async' but is not marked with 'await'
}

func unlabelledQueue(_ worker: III) async throws {
  _ = try await worker.trigger("f", payload: 1, action: .enqueue("q"))  // error: missing argument label
}

func unusedTypedResult(_ worker: III) async throws {
  try await worker.trigger("f", payload: Order(), as: Opaque.self)  // error: conform to
}

func mixedConfiguration(_ worker: III, name: String) throws {
  try worker.registerTrigger(type: "t", functionID: "f", config: ["a": name, "b": 1])  // error: values of several types
}

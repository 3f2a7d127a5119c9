import III

struct GreetIn: Codable, Sendable { var name: String }
struct GreetOut: Codable, Sendable { var message: String }

func basics() async throws {
  let iii = try await registerWorker("ws://127.0.0.1:49134", options: InitOptions(workerName: "demo"))
  try iii.registerFunction("hello::greet") { (i: GreetIn) in GreetOut(message: "Hello, \(i.name)!") }
  try iii.registerFunction("hello::slow") { (i: GreetIn) async throws -> GreetOut in
    try await iii.trigger("hello::greet", payload: i)
  }
  try iii.registerFunction("hello::raw") { (j: JSONValue) async throws -> JSONValue in j }
  try iii.registerTrigger(
    RegisterTriggerInput(
      type: "http", functionID: "hello::greet", config: ["api_path": "/greet", "http_method": "POST"]))
  let out: GreetOut = try await iii.trigger("hello::greet", payload: GreetIn(name: "w"))
  let receipt = try await iii.trigger("hello::greet", payload: GreetIn(name: "w"), action: .enqueue(queue: "math"))
  try await iii.trigger("hello::greet", payload: GreetIn(name: "w"), action: .void())
  let value = try await iii.trigger(
    TriggerRequest(functionID: "x", payload: ["a": 1], action: .enqueue(queue: "q")))
  do {
    try await iii.trigger("hello::greet")
  } catch let e as IIIForbiddenError {
    print(e)
  } catch let e as IIIInvocationError {
    print(e.code)
  }
  print(out.message, receipt.messageReceiptId, value)
  await iii.shutdown()
}

/// The type of a result follows from the action.
func staticTypes(_ iii: III) async throws {
  func isReceipt(_: EnqueueResult) {}
  func isNothing(_: Void) {}
  let receipt = try await iii.trigger("f", payload: 1, action: .enqueue(queue: "q"))
  isReceipt(receipt)
  isNothing(try await iii.trigger("f", payload: 1, action: .void()))
}

func blockingProgram() throws {
  let iii = try registerBlockingWorker("ws://127.0.0.1:49134")
  defer { iii.shutdown() }
  try iii.trigger("f", payload: 1)
}

func loggers() async {
  Logger().info("m")
  Logger().warn("m", ["a": 1])
  Logger().error("m")
  Logger().debug("m")
}

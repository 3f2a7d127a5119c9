import III

struct Order: Codable, Sendable { var item = "pear", count = 1 }

func payloads(_ worker: III, n: Int, name: String, ratio: Double, isFirst: Bool) async throws {
  try await worker.trigger("f", payload: ["a": 1, "b": "x"])
  try await worker.trigger(
    "f", payload: ["a": .init(n), "b": .init(name), "c": [.init(ratio), nil, ["d": .init(isFirst)]]])
  try await worker.trigger("f", payload: ["n": .init(n), "s": "x"])
  try await worker.trigger("f", payload: ["a": ["b": [1, "x", ["c": nil]]]])
  try await worker.trigger("f", payload: [1, "two", nil])
  try await worker.trigger("f", payload: [.init(n), .init(name)])
  try await worker.trigger("f", payload: [:])
  try await worker.trigger("f", payload: [])
  try await worker.trigger("f", payload: nil)
  try await worker.trigger("f", payload: ["x": n])
  try await worker.trigger("f", payload: [name: .init(n)])
  try await worker.trigger("f", payload: ["\(name)": "\(n)", "b": 1])
  try await worker.trigger("f", payload: "\(n) pears", timeout: .seconds(1))
  try await worker.trigger("f", payload: Order(), metadata: ["trace": 1, "by": "me"])
  try await worker.trigger("f", payload: Int?.none)
  try await worker.trigger("f")
  let json: JSONValue = ["a": 1]
  try await worker.trigger("f", payload: json)
  let members: [String: JSONValue] = ["a": 1, "b": "x"]
  try await worker.trigger("f", payload: members)
  try await worker.trigger(TriggerRequest(functionID: "f", payload: ["a": 1, "b": "x"]))
}

func results(_ worker: III, isFirst: Bool) async throws {
  let a: Int = try await worker.trigger("f", payload: ["a": 1, "b": "x"])
  let b = try await worker.trigger("f", payload: Order(), as: Order.self)
  let c: [Order] = try await worker.trigger("f")
  let d = try await worker.trigger("f")
  let e: Int? = try await worker.trigger("f", payload: nil)
  let f = try await isFirst ? worker.trigger("a", payload: Order()) : worker.trigger("b", payload: Order())
  let g: Int = try await isFirst ? worker.trigger("a", payload: Order()) : worker.trigger("b")
  let h = try await isFirst ? worker.trigger("a") : worker.trigger("b", payload: ["a": 1, "b": nil])
  async let i: Int = worker.trigger("f", payload: Order())
  async let j = worker.trigger("f", payload: ["a": 1, "b": "x"])
  if let k: Int = try? await worker.trigger("f", payload: 5) { print(k) }
  print(a, b.item, c.count, d["x"] ?? nil, e ?? 0, f, g, h, try await i, try await j)
}

func actions(_ worker: III, order: Order) async throws {
  try await worker.trigger("f", action: .void())
  try await worker.trigger("f", payload: order, action: .void())
  try await worker.trigger("f", payload: ["a": 1, "b": "x"], action: .void())
  let first = try await worker.trigger("f", payload: order, action: .enqueue(queue: "q"))
  let second = try await worker.trigger("f", payload: ["a": 1, "b": nil], action: .enqueue(queue: "q"))
  print(first.messageReceiptId, second.messageReceiptId)
  let action: TriggerAction = .void()
  try await worker.trigger("f", action: action)
  try await worker.trigger("f", payload: order, action: action)
  try await worker.trigger("f", payload: ["a": 1, "b": "x"], action: action)
  let none: TriggerAction? = nil
  print(try await worker.trigger("f", payload: order, action: none))
}

func blockingCalls(_ worker: BlockingWorker, n: Int, name: String, isFirst: Bool) throws {
  try worker.trigger("f", payload: ["a": 1, "b": "x"])
  try worker.trigger("f", payload: ["a": .init(n), "b": .init(name)])
  try worker.trigger("f", action: .void())
  let a: Int = try worker.trigger("f", payload: Order())
  let b = try isFirst ? worker.trigger("a") : worker.trigger("b", payload: [1, "x"])
  let c = try worker.trigger("f", payload: Order(), action: .enqueue(queue: "q"))
  let action: TriggerAction = .void()
  try worker.trigger("f", payload: ["a": nil], action: action)
  print(a, b, c, try worker.worker.blocking.trigger("f", as: Int.self))
}

func handlers(_ worker: III, _ blocking: BlockingWorker) throws {
  try worker.registerFunction("f") { (n: Int) async in 2 * n }
  try worker.registerFunction("f") { (n: Int) in 2 * n }
  try worker.registerFunction("f") { (n: Int) in
    print(1)
    print(n)
  }
  try worker.registerFunction("f") { (n: Int) async throws in
    guard n > 0 else { throw IIIInvocationError(code: "NEGATIVE", message: "\(n)") }
    print(n)
  }
  try worker.registerFunction("f") { (_: JSONValue) async in ["ok": true, "n": 1] }
  try worker.registerFunction("f") { (_: JSONValue) in ["ok": true, "n": [1, nil]] }
  try worker.registerFunction("f") { (n: Int) async -> JSONValue in ["s": "x", "n": .init(n)] }
  try worker.registerFunction("f") { ["ok": true, "n": 1] }
  try worker.registerFunction("f") { "hi" }
  try worker.registerFunction("f") { () async in "hi" }
  try worker.registerFunction("f") { print("x") }
  try worker.registerFunction("f") { () async in print("x") }
  try worker.registerFunction("f") {}
  try worker.registerFunction("f") { (_: Int) async -> Int? in nil }
  try worker.registerFunction("f") { (_: JSONValue) async in nil }
  try worker.registerFunction("f") { (n: Int) async throws -> String in
    throw IIIInvocationError(code: "E", message: "\(n)")
  }
  try worker.registerFunction("f", concurrency: .serial) { (order: Order) async in order }
  try worker.registerFunction("f") { (orders: [Order]) throws -> Int in
    try orders.reduce(0) { try $0 + worker.blocking.trigger("price", payload: $1) }
  }
  try worker.registerFunction("f", handler: double)
  try blocking.registerFunction("f", description: "d", metadata: ["a": 1, "b": "x"]) { (n: Int) in n }
}

@Sendable func double(_ n: Int) async throws -> Int { 2 * n }

struct Bell: TriggerHandler {
  func registerTrigger(_ trigger: TriggerConfig<Order>) async throws {}
  func unregisterTrigger(_ trigger: TriggerConfig<Order>) async throws {}
}

func triggers(_ worker: III) async throws {
  try worker.registerTrigger(type: "bell", functionID: "f")
  try worker.registerTrigger(type: "bell", functionID: "f", config: ["a": 1, "b": "x"])
  try worker.registerTrigger(type: "bell", functionID: "f", config: Order(), metadata: ["by": "me"])
  try worker.registerTrigger(CronTriggerConfig(expression: "0 0 * * * *"), functionID: "f").unregister()
  let bell = try worker.registerTriggerType(RegisterTriggerTypeInput(id: "bell", description: "rings"), handler: Bell())
  try bell.registerFunction("f") { payload async in print(payload) }
  try bell.registerFunction("f") { payload in print(payload) }
  try bell.registerFunction("f") { payload in payload }
  try bell.registerTrigger("f", config: Order())
  try await Bell().registerTrigger(TriggerConfig(id: "t", functionID: "f", config: Order()))
}

func moduleSelectors(_ trigger: III::Trigger) -> III::JSONValue { .string(trigger.id) }

func options() -> InitOptions {
  InitOptions(
    workerName: "w", workerDescription: "d", namespace: "n", invocationTimeout: .seconds(1), connection: .inBackground,
    connectTimeout: .seconds(1), reconnection: ReconnectionConfig(maxRetries: 3), keepAlive: KeepAliveConfig(),
    maxQueuedMessages: 1, maxMessageBytes: 1 << 20, headers: ["a": "b"], tls: TLSConfig(), telemetry: TelemetryOptions()
  )
}

func variables(_ worker: III, tags: [String], limit: Int?, counts: [String: Int], matrix: [[Double]], nested: JSONValue)
  throws
{
  let payload: JSONValue = [
    "tags": .init(tags), "limit": .init(limit), "counts": .init(counts), "matrix": .init(matrix),
    "nested": .init(nested),
    "none": .init(Int?.none), "first": .init(tags.first), "values": .init([nested, nil]), "object": .init(JSONObject()),
  ]
  try worker.registerTrigger(
    type: "t", functionID: "f", config: ["tags": .init(tags), "limit": .init(limit), "on": true])
  try worker.registerFunction("a") { (order: Order) async -> JSONValue in
    ["item": .init(order.item), "tags": .init(tags), "limit": .init(limit)]
  }
  try worker.registerFunction("b") { (_: JSONValue) async in ["ok": true, "count": 3, "tags": ["x", nil]] }
  try worker.registerFunction("c") { () async in ["ok": true, "count": 3] }
  try worker.registerFunction("d") { (order: Order) async in ["item": order.item] }
  print(payload)
}

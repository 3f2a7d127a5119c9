import Testing

@testable import III

@Suite("Worker: how calls and handlers are written")
struct CallSiteTests {
  private struct Order: Codable, Sendable { var item = "pear" }

  /// The `member` of the message that `call` sends; the call is answered with a receipt, which is also valid JSON.
  private func sent(
    _ peer: ScriptedPeer, _ member: String = "data", _ call: @escaping @Sendable () async throws -> Void
  ) async throws -> String? {
    async let done: Void = call()
    let message = try await peer.receiveJSON()
    await peer.answer(message, #","result":{"messageReceiptId":"r"}"#)
    try await done
    return message[member]?.jsonString()
  }

  private func expect(
    _ peer: ScriptedPeer, _ text: String?, member: String = "data", at location: SourceLocation = #_sourceLocation,
    _ call: @escaping @Sendable () async throws -> Void
  ) async throws {
    let value = try await sent(peer, member, call)
    #expect(value == text, sourceLocation: location)
  }

  @Test("payloads written as literals are sent as JSON, nested and mixed")
  func literals() async throws {
    try await withWorker { worker, peer, _ in
      let n = 3
      let name = "x"
      try await expect(peer, #"{"a":1,"b":"x"}"#) { try await worker.trigger("f", payload: ["a": 1, "b": "x"]) }
      try await expect(peer, #"{"n":3,"list":["x",null,{"deep":[1.5,true]}]}"#) {
        try await worker.trigger(
          "f", payload: ["n": .int(Int64(n)), "list": [.string(name), nil, ["deep": [1.5, true]]]])
      }
      try await expect(peer, #"[1,"two",null]"#) { try await worker.trigger("f", payload: [1, "two", nil]) }
      try await expect(peer, "{}") { try await worker.trigger("f", payload: [:]) }
      try await expect(peer, "[]") { try await worker.trigger("f", payload: []) }
      try await expect(peer, "null") { try await worker.trigger("f", payload: nil) }
      try await expect(peer, "null") { try await worker.trigger("f") }
      try await expect(peer, #"{"item":"pear"}"#) { try await worker.trigger("f", payload: Order()) }
      try await expect(peer, #"{"n":3}"#) { try await worker.trigger("f", payload: ["n": n]) }
      try await expect(peer, #""3 pears""#) { try await worker.trigger("f", payload: "\(n) pears") }
      try await expect(peer, "[3,4]") { _ = try await worker.trigger("f", payload: [n, 4], as: JSONValue.self) }
    }
  }

  @Test("variables of several types are wrapped with `.init`")
  func wrappedVariables() async throws {
    try await withWorker { worker, peer, _ in
      let n = 3
      let name = "x"
      let ratio: Float = 0.5
      try await expect(peer, #"{"n":3,"s":"x","d":0.5,"b":true,"l":"x"}"#) {
        try await worker.trigger(
          "f", payload: ["n": .init(n), "s": .init(name), "d": .init(ratio), "b": .init(n > 2), "l": "x"])
      }
      try await expect(peer, #"[3,"x"]"#) { try await worker.trigger("f", payload: [.init(n), .init(name)]) }
    }
  }

  @Test("an action is a literal or a variable, with and without a payload")
  func actions() async throws {
    try await withWorker { worker, peer, _ in
      let void = #"{"type":"void"}"#
      let queued = #"{"type":"enqueue","queue":"q"}"#
      try await expect(peer, void, member: "action") { try await worker.trigger("f", action: .void()) }
      try await expect(peer, void, member: "action") {
        try await worker.trigger("f", payload: [1, "x"], action: .void())
      }
      try await expect(peer, void, member: "action") {
        try await worker.trigger("f", payload: Order(), action: .void())
      }
      let literal = try await sent(peer, "action") {
        let receipt = try await worker.trigger("f", payload: ["a": 1, "b": nil], action: .enqueue(queue: "q"))
        #expect(receipt.messageReceiptId == "r")
      }
      let none = try await sent(peer, "action") {
        let receipt = try await worker.trigger("f", action: .enqueue(queue: "q"))
        #expect(receipt.messageReceiptId == "r")
      }
      #expect(literal == queued && none == queued)
      for (action, text) in [(TriggerAction.void(), void), (.enqueue(queue: "q"), queued)] {
        try await expect(peer, text, member: "action") { try await worker.trigger("f", action: action) }
        try await expect(peer, text, member: "action") {
          try await worker.trigger("f", payload: Order(), action: action)
        }
        try await expect(peer, #"{"a":1,"b":"x"}"#, member: "data") {
          try await worker.trigger("f", payload: ["a": 1, "b": "x"], action: action)
        }
      }
      try await expect(peer, nil, member: "action") { try await worker.trigger("f", payload: Order(), action: nil) }
    }
  }

  @Test("two calls may be the branches of a ternary operator")
  func ternary() async throws {
    try await withWorker { worker, peer, _ in
      for isFirst in [true, false] {
        let function = try await sent(peer, "function_id") {
          let value = try await isFirst ? worker.trigger("a", payload: Order()) : worker.trigger("b", payload: ["x": 1])
          #expect(value["messageReceiptId"] == "r")
        }
        #expect(function == (isFirst ? #""a""# : #""b""#))
      }
    }
  }

  @Test("a trigger's configuration may be left out, a literal or a value")
  func triggerConfigurations() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerTrigger(type: "t", functionID: "f")
      try worker.registerTrigger(type: "t", functionID: "f", config: ["a": 1, "b": ["x", nil]])
      try worker.registerTrigger(type: "t", functionID: "f", config: Order())
      try worker.registerTrigger(type: "t", functionID: "f", config: [:])
      try worker.blocking.registerTrigger(type: "t", functionID: "f", config: nil)
      for config in ["null", #"{"a":1,"b":["x",null]}"#, #"{"item":"pear"}"#, "{}", "null"] {
        #expect(try await peer.receiveJSON()["config"]?.jsonString() == config)
      }
    }
  }

  /// The result of a function that is invoked with `data`.
  private func result(_ worker: III, _ peer: ScriptedPeer, _ function: String, _ data: String = "1") async throws
    -> String?
  {
    let id = "550e8400-e29b-41d4-a716-446655440000"
    // The functions are registered once a later message has arrived.
    try await worker.trigger("fence", action: .void())
    while try await peer.receive("invokefunction")["function_id"] != "fence" {}
    await peer.send(
      #"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"\#(function)","data":\#(data)}"#)
    return try await peer.receive("invocationresult")["result"]?.jsonString()
  }

  @Test("a handler's result may be a JSON literal")
  func literalResults() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("async") { (_: JSONValue) async in ["ok": true, "n": 1] }
      try worker.registerFunction("thread") { (_: JSONValue) in ["ok": true, "n": 1] }
      try worker.registerFunction("async::none") { () async in ["ok": true, "n": 1] }
      try worker.registerFunction("thread::none") { ["ok": true, "n": 1] }
      try worker.registerFunction("typed") { (n: Int) async -> JSONValue in ["s": "x", "n": .int(Int64(n))] }
      for function in ["async", "thread", "async::none", "thread::none"] {
        #expect(try await result(worker, peer, function) == #"{"ok":true,"n":1}"#, "\(function)")
      }
      #expect(try await result(worker, peer, "typed") == #"{"s":"x","n":1}"#)
    }
  }

  @Test("a handler without input ignores the payload; one without a result returns null")
  func handlersWithoutInput() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("async") { () async in "hi" }
      try worker.registerFunction("thread") { "hi" }
      try worker.blocking.registerFunction("async::void") { () async in await Task.yield() }
      try worker.registerFunction("thread::void") { _ = 1 + 1 }
      #expect(try await result(worker, peer, "async", #"{"unread":1}"#) == #""hi""#)
      #expect(try await result(worker, peer, "thread", "[]") == #""hi""#)
      #expect(try await result(worker, peer, "async::void") == "null")
      #expect(try await result(worker, peer, "thread::void") == "null")
    }
  }

  @Test("a handler of several statements without a result returns null")
  func statements() async throws {
    try await withWorker { worker, peer, _ in
      let (seen, saw) = AsyncStream<Int>.makeStream()
      try worker.registerFunction("f") { (n: Int) in
        saw.yield(n)
        saw.finish()
      }
      #expect(try await result(worker, peer, "f", "7") == "null")
      #expect(await seen.first { _ in true } == 7)
    }
  }

  private struct Bell: TriggerHandler {
    func registerTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {}
    func unregisterTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {}
  }

  @Test("functions of a trigger type may have no result")
  func functionsOfTypes() async throws {
    try await withWorker { worker, peer, _ in
      let bell = try worker.registerTriggerType(
        RegisterTriggerTypeInput(id: "bell", description: "rings"), request: Int.self, handler: Bell())
      let (seen, saw) = AsyncStream<Int>.makeStream()
      try bell.registerFunction("async") { n async in saw.yield(n) }
      try bell.registerFunction("thread") { n in saw.yield(n) }
      try bell.registerFunction("double") { n in 2 * n }
      #expect(try await result(worker, peer, "async") == "null")
      #expect(try await result(worker, peer, "thread", "2") == "null")
      #expect(try await result(worker, peer, "double", "2") == "4")
      saw.finish()
      #expect(await seen.reduce(into: []) { $0.append($1) } == [1, 2])
    }
  }
}

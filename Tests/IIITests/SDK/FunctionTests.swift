import Testing
import UV

@testable import III

@Suite("Worker: functions")
struct FunctionTests {
  private let id = "550e8400-e29b-41d4-a716-446655440000"

  private func invocation(_ function: String, _ rest: String) -> String {
    "{\"type\":\"invokefunction\",\"invocation_id\":\"\(id)\",\"function_id\":\"\(function)\"\(rest)}"
  }

  struct Input: Codable { var name: String }
  struct Failure: Error, CustomStringConvertible { var description: String { "it broke" } }

  @Test("functions are registered again on the next connection, except unregistered ones")
  func replay() async throws {
    try await withWorker { worker, peer, engine in
      let gone = try worker.registerFunction("gone") { (_: JSONValue) async in 1 }
      try worker.registerFunction(
        "kept", description: "K", metadata: ["a": 1], requestFormat: .none, responseFormat: .none
      ) { (_: JSONValue) async in 1 }
      #expect(try await peer.receiveJSON()["id"] == "gone")
      #expect(
        try await peer.receive() == #"{"type":"registerfunction","id":"kept","description":"K","metadata":{"a":1}}"#)
      await peer.send(#"{"type":"workerregistered","worker_id":"w1","reattach_token":"t"}"#)
      try await peer.fence()
      await engine.stopListening()
      await peer.drop()
      gone.unregister()
      try worker.registerFunction("new") { (_: JSONValue) async in 1 }
      await worker.fence()
      let next = try await ScriptedEngine.start(port: UInt16(worker.address.split(separator: ":").last ?? "") ?? 0)
      let again = try await next.accept()
      #expect(
        try await again.receive() == #"{"type":"reattach","previous_worker_id":"w1","reattach_token":"t"}"#)
      #expect(try await again.receiveJSON()["function_id"] == "engine::workers::register")
      #expect(try await again.receiveJSON()["id"] == "kept")
      #expect(try await again.receiveJSON()["id"] == "new")
      try await again.fence()
      #expect(await again.takeUnread() == [])
      await next.stopListening()
      await again.drop()
    }
  }

  @Test("the formats in a registration are inferred, as given, or absent")
  func formats() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("json") { (value: JSONValue) async throws -> JSONValue in value }
      #expect(try await peer.receive() == #"{"type":"registerfunction","id":"json"}"#)
      try worker.registerFunction("none", requestFormat: .none, responseFormat: .none) {
        (input: Input) async throws -> Input in input
      }
      #expect(try await peer.receive() == #"{"type":"registerfunction","id":"none"}"#)
      try worker.registerFunction(
        "given", requestFormat: .schema(["type": "string"]),
        responseFormat: .format(RegisterFunctionFormat(name: "n", type: "string"))
      ) { (input: Input) async throws -> Input in input }
      #expect(
        try await peer.receive()
          == #"{"type":"registerfunction","id":"given","request_format":{"type":"string"},"response_format":{"name":"n","type":"string","required":false}}"#
      )
      try worker.registerFunction("inferred") { (input: Input) async throws -> [Int] in [] }
      let inferred = try await peer.receiveJSON()
      #expect(inferred["request_format"] == jsonSchema(for: Input.self))
      #expect(inferred["request_format"]?["required"] == ["name"])
      #expect(inferred["response_format"]?["items"] == ["type": "integer"])
    }
  }

  @Test("ids must not be blank or already registered")
  func ids() async throws {
    try await withWorker { worker, _, _ in
      for id in ["", "  ", "\n"] {
        let error = #expect(throws: IIIRegistrationError.self) {
          try worker.registerFunction(id) { (_: JSONValue) async in 1 }
        }
        #expect(error?.description == "id is required: the given one is empty or blank")
      }
      let first = try worker.registerFunction("x") { (_: JSONValue) async in 1 }
      let error = #expect(throws: IIIRegistrationError.self) {
        try worker.registerFunction("x") { (_: JSONValue) async in 1 }
      }
      #expect(error?.description.hasPrefix("function id 'x' already registered") == true)
      first.unregister()
      let second = try worker.registerFunction("x") { (_: JSONValue) async in 1 }
      // The first registration has ended, so this has no effect.
      first.unregister()
      #expect(throws: IIIRegistrationError.self) { try worker.registerFunction("x") { (_: JSONValue) async in 1 } }
      second.unregister()
    }
  }

  @Test("ids are compared by their bytes: canonically equivalent ids are different functions")
  func bytes() async throws {
    try await withWorker { worker, peer, _ in
      let composed = try worker.registerFunction("caf\u{E9}") { (_: JSONValue) async in "composed" }
      try worker.registerFunction("cafe\u{301}") { (_: JSONValue) async in "decomposed" }
      for _ in 0..<2 { _ = try await peer.receive("registerfunction") }
      await peer.send(invocation("cafe\u{301}", #","data":1"#))
      #expect(try await peer.receiveJSON()["result"] == "decomposed")
      await peer.send(invocation("caf\u{E9}", #","data":1"#))
      #expect(try await peer.receiveJSON()["result"] == "composed")
      composed.unregister()
      await peer.send(invocation("cafe\u{301}", #","data":1"#))
      _ = try await peer.receive("unregisterfunction")
      #expect(try await peer.receiveJSON()["result"] == "decomposed")
    }
  }

  @Test("an unregistered function cannot be called, and is unregistered at the engine once")
  func unregister() async throws {
    try await withWorker { worker, peer, _ in
      let function = try worker.registerFunction("a::b") { (_: JSONValue) async in 1 }
      _ = try await peer.receive()
      function.unregister()
      function.unregister()
      #expect(try await peer.receive() == #"{"type":"unregisterfunction","id":"a::b"}"#)
      await peer.send(invocation("a::b", #","data":1"#))
      #expect(try await peer.receiveJSON()["error"]?["code"] == "function_not_found")
      #expect(await peer.takeUnread() == [])
    }
  }

  @Test("payloads and results of all kinds")
  func handlers() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("typed") { (input: Input) async throws -> String in "Hello, \(input.name)!" }
      try worker.registerFunction("json") { (value: JSONValue) async throws -> JSONValue in value }
      try worker.registerFunction("nothing") { (_: JSONValue) async throws in }
      try worker.registerFunction("nil") { (_: JSONValue) async throws -> Int? in nil }
      try worker.registerFunction("plain") { (n: Int) in n * 2 }
      for _ in 0..<5 { _ = try await peer.receive() }
      for (function, data, result) in [
        ("typed", #"{"name":"w"}"#, #""Hello, w!""#), ("json", #"{"b":[1.0],"a":null}"#, #"{"b":[1.0],"a":null}"#),
        ("nothing", "1", "null"), ("nil", "1", "null"), ("plain", "21", "42"),
      ] {
        await peer.send(invocation(function, ",\"data\":\(data)"))
        #expect(
          try await peer.receive()
            == "{\"type\":\"invocationresult\",\"invocation_id\":\"\(id)\",\"function_id\":\"\(function)\",\"result\":\(result)}"
        )
      }
    }
  }

  @Test("a binary message is read like a text; the caller's trace is returned")
  func binaryAndTrace() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("f") { (n: Int) async in n }
      _ = try await peer.receive()
      await peer.send(binary: invocation("f", #","data":1,"traceparent":"00-4bf9-00f0-01","baggage":"k=v""#))
      #expect(try await peer.receive().hasSuffix(#""result":1,"traceparent":"00-4bf9-00f0-01"}"#))
    }
  }

  @Test("invocations of unknown functions")
  func unknown() async throws {
    try await withWorker { _, peer, _ in
      await peer.send(#"{"type":"invokefunction","function_id":"a::nope","data":1}"#)
      await peer.send(invocation("a::nope", #","data":1"#))
      let answer = try await peer.receiveJSON()
      #expect(answer["error"] == ["code": "function_not_found", "message": "Function 'a::nope' not found"])
    }
  }

  @Test("the errors of failing handlers")
  func failures() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("throws") { (_: JSONValue) async throws -> Int in throw Failure() }
      try worker.registerFunction("business") { (_: JSONValue) async throws -> Int in
        throw IIIInvocationError(code: "BUSINESS", message: "no", stacktrace: "here")
      }
      try worker.registerFunction("typed") { (input: Input) async in input.name }
      try worker.registerFunction("nan") { (_: JSONValue) async in Double.nan }
      for _ in 0..<4 { _ = try await peer.receive() }
      func error(_ function: String, _ data: String) async throws -> JSONValue? {
        await peer.send(invocation(function, ",\"data\":\(data)"))
        let answer = try await peer.receiveJSON()
        #expect(answer["result"] == nil)
        return answer["error"]
      }
      #expect(try await error("throws", "1") == ["code": "invocation_failed", "message": "it broke"])
      #expect(try await error("business", "1") == ["code": "BUSINESS", "message": "no", "stacktrace": "here"])
      let payload = try await error("typed", #"{"name":1}"#)
      #expect(payload?["code"] == "invocation_failed")
      #expect(payload?["message"]?.jsonString().hasPrefix(#""invalid payload: name: "#) == true)
      #expect(try await error("typed", "null")?["code"] == "invocation_failed")
      #expect(try await error("nan", "1")?["code"] == "invocation_failed")
      // The worker still serves.
      await peer.send(invocation("typed", #","data":{"name":"w"}"#))
      #expect(try await peer.receiveJSON()["result"] == "w")
    }
  }

  @Test(
    "the engine's member of a payload is removed at any position and with any spelling, and the rest does not change")
  func callerMember() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("f") { (payload: JSONValue) async -> JSONValue in
        ["payload": payload, "caller": InvocationContext.current?.callerWorkerID.map { .string($0) } ?? .null]
      }
      _ = try await peer.receive()
      for (data, result) in [
        (#"{"_caller_worker_id":"w2"}"#, #"{"payload":{},"caller":"w2"}"#),
        (#"{"_caller_worker_id":"w2","a":1.0,"b":[]}"#, #"{"payload":{"a":1.0,"b":[]},"caller":"w2"}"#),
        (#"{"_caller_worker_id":"w2" , "a":"\"}"}"#, #"{"payload":{"a":"\"}"},"caller":"w2"}"#),
        (#"{"_caller_worker_id":"w2", "a":1}"#, #"{"payload":{"a":1},"caller":"w2"}"#),
        (#"{"_caller_worker_id":"w\u0032","a":1}"#, #"{"payload":{"a":1},"caller":"w2"}"#),
        (#"{"_caller_worker_id":"w1","a":1,"_caller_worker_id":"w2"}"#, #"{"payload":{"a":1},"caller":"w2"}"#),
        (#"{"a":1.0 , "\u005fcaller_worker_id" : "w2", "b":[]}"#, #"{"payload":{"a":1.0,"b":[]},"caller":"w2"}"#),
        (
          #"{"b":{"_caller_worker_id":1},"_caller_worker_id":7}"#,
          #"{"payload":{"b":{"_caller_worker_id":1}},"caller":null}"#
        ),
        (#"["_caller_worker_id"]"#, #"{"payload":["_caller_worker_id"],"caller":null}"#),
      ] {
        await peer.send(invocation("f", ",\"data\":\(data)"))
        #expect(try await peer.receiveJSON()["result"]?.jsonString() == result)
      }
    }
  }

  @Test("a serial function runs its invocations one after another, in the order of arrival", arguments: [true, false])
  func serial(isAsync: Bool) async throws {
    try await withWorker { worker, peer, _ in
      let gate = Gate()
      let order = Lock<[Int]>([])
      let running = Lock(0)
      if isAsync {
        try worker.registerFunction("f", concurrency: .serial) { (n: Int) async in
          #expect(
            running.withLock {
              $0 += 1; return $0
            } == 1)
          await gate.wait()
          for _ in 0..<(10 - n) { await Task.yield() }
          order.withLock { $0.append(n) }
          running.withLock { $0 -= 1 }
        }
      } else {
        try worker.registerFunction("f", concurrency: .serial) { (n: Int) in
          #expect(
            running.withLock {
              $0 += 1; return $0
            } == 1)
          order.withLock { $0.append(n) }
          running.withLock { $0 -= 1 }
        }
      }
      _ = try await peer.receive()
      for n in 0..<10 {
        await peer.send(#"{"type":"invokefunction","function_id":"f","data":\#(n)}"#)
      }
      await peer.send(invocation("f", #","data":10"#))
      try await peer.fence()
      gate.open()
      #expect(try await peer.receiveJSON()["result"] == .null)
      #expect(order.withLock { $0 } == Array(0...10))
    }
  }

  @Test("a function runs at most as many invocations at once as it allows; failed ones make room too")
  func limited() async throws {
    try await withWorker { worker, peer, _ in
      let (begun, begin) = AsyncStream<Int>.makeStream()
      let gates = (0..<4).map { _ in Gate() }
      try worker.registerFunction("f", concurrency: .max(2)) { (n: Int) async throws in
        begin.yield(n)
        await gates[n].wait()
        throw Failure()
      }
      _ = try await peer.receive()
      for n in 0..<4 { await peer.send(#"{"type":"invokefunction","function_id":"f","data":\#(n)}"#) }
      var next = begun.makeAsyncIterator()
      #expect(Set([await next.next(), await next.next()]) == [0, 1])
      gates[1].open()
      #expect(await next.next() == 2)
      gates[0].open()
      #expect(await next.next() == 3)
      gates[2].open()
      gates[3].open()
    }
  }

  @Test("an invocation that waits does not begin after a shutdown")
  func shutdownWhileWaiting() async throws {
    try await withWorker { worker, peer, _ in
      let (begun, begin) = AsyncStream<Int>.makeStream()
      let gate = Gate()
      try worker.registerFunction("f", concurrency: .serial) { (n: Int) async in
        begin.yield(n)
        await gate.wait()
        if n == 0 { begin.finish() }
      }
      _ = try await peer.receive()
      for n in 0..<2 { await peer.send(#"{"type":"invokefunction","function_id":"f","data":\#(n)}"#) }
      try await peer.fence()
      await worker.shutdown()
      gate.open()
      #expect(await begun.reduce(into: []) { $0.append($1) } == [0])
    }
  }

  @Test("results of handlers that end after their connection are dropped")
  func staleResults() async throws {
    try await withWorker { worker, peer, engine in
      let gate = Gate()
      let replied = Gate()
      try worker.registerFunction("slow") { (n: Int) async in
        await gate.wait()
        defer { replied.open() }
        return n
      }
      _ = try await peer.receive()
      await peer.send(invocation("slow", #","data":1"#))
      try await peer.fence()
      await peer.drop()
      let next = try await engine.accept()
      _ = try await next.receive()
      _ = try await next.receive()
      gate.open()
      await replied.wait()
      // The answer to a second invocation comes after everything that the first one's task has sent.
      await next.send(invocation("slow", #","data":2"#))
      #expect(try await next.receiveJSON()["result"] == 2)
      #expect(await next.takeUnread() == [])
      await next.drop()
    }
  }

  @Test("pings, invalid messages and unknown types do not affect the connection")
  func nonsense() async throws {
    try await withWorker { _, peer, _ in
      for message in ["{\"type\":\"nope\"}", "{", "", "[1]", String(repeating: "[", count: 10_000), "\u{0}"] {
        await peer.send(message)
      }
      await peer.send(#"{"type":"ping"}"#)
      let answer = try await peer.receive()
      #expect(answer == #"{"type":"pong"}"#)
    }
  }

  @Test(
    "a protocol violation ends only its own connection", arguments: ["masked", "huge", "reserved", "utf8", "close1"])
  func hostile(how: String) async throws {
    try await withWorker { worker, peer, engine in
      let bytes: [UInt8] =
        switch how {
        case "masked": FrameEncoder.frame(.text, ByteView("{}"), maskKey: 7)
        case "huge": [0x81, 127, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        case "reserved": [0xC1, 0]
        case "utf8": [0x81, 1, 0xFF]
        default: [0x88, 1, 0]
        }
      await peer.write(bytes)
      let control = try await peer.receiveControl()
      #expect(control == (how == "huge" ? "close 1009" : how == "utf8" ? "close 1007" : "close 1002"))
      let next = try await engine.accept()
      _ = try await next.receive()
      #expect(worker.connectionState == .connected)
      await next.drop()
    }
  }
}

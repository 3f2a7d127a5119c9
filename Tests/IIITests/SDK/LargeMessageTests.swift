import Testing

@testable import III

@Suite("Worker: messages at the size limit and above")
struct LargeMessageTests {
  private let id = "550e8400-e29b-41d4-a716-446655440000"

  @Test("an invocation above the limit is answered with an error, at any position of its ids; the connection stays")
  func oversizedInvocation() async throws {
    try await withWorker {
      $0.maxMessageBytes = 1_000
      $0.log = { _, _ in }
    } _: { worker, peer, _ in
      try worker.registerFunction("f") { (text: String) async in text.utf8.count }
      _ = try await peer.receive("registerfunction")
      async let other: Int = worker.trigger("other", payload: 1)
      let call = try await peer.receive("invokefunction")
      let data = "\"" + String(repeating: "x", count: 100_000) + "\""
      for message in [
        #"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"f","data":\#(data)}"#,
        #"{"data":\#(data),"function_id":"f","invocation_id":"\#(id)","type":"invokefunction"}"#,
      ] {
        await peer.send(message)
        let answer = try await peer.receive("invocationresult")
        #expect(answer["invocation_id"] == .string(id))
        #expect(answer["function_id"] == "f")
        #expect(answer["error"]?["code"] == "payload_too_large")
      }
      // The limit applies to the caller's message: the engine's own additions may exceed it.
      let atLimit = "\"" + String(repeating: "x", count: 980) + "\""
      await peer.send(#"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"f","data":\#(atLimit)}"#)
      #expect(try await peer.receive("invocationresult")["result"] == 980)
      await peer.answer(call, #","result":7"#)
      #expect(try await other == 7)
      #expect(worker.connectionState == .connected)
    }
  }

  @Test("a result above the limit fails its call; another message above the limit is logged")
  func oversizedResult() async throws {
    let lines = Lines()
    try await withWorker {
      $0.maxMessageBytes = 1_000
      $0.log = { lines.add($1) }
    } _: { worker, peer, _ in
      let result = Task { () async throws -> JSONValue in try await worker.trigger("f", payload: 1) }
      let call = try await peer.receive("invokefunction")
      let text = "\"" + String(repeating: "x", count: 100_000) + "\""
      await peer.send(#"{"type":"registertrigger","function_id":"g","x":\#(text)}"#)
      await peer.answer(call, ",\"result\":\(text)")
      let error = await #expect(throws: IIIInvocationError.self) { _ = try await result.value }
      #expect(error?.code == "payload_too_large")
      #expect(error?.functionID == "f")
      #expect(lines.all.contains { $0.contains("for function 'g'") && $0.contains("limit is 1000 bytes") })
      #expect(worker.connectionState == .connected)
    }
  }

  @Test("a payload or result nested deeper than engines accept is refused at once, and nothing is sent")
  func tooDeep() async throws {
    try await withWorker { worker, peer, _ in
      @Sendable func nested(_ depth: Int) -> JSONValue { (0..<depth).reduce(.int(1)) { value, _ in .array([value]) } }
      await #expect(throws: EncodingError.self) { _ = try await worker.trigger("f", payload: nested(127)) as JSONValue }
      await #expect(throws: EncodingError.self) {
        try await worker.trigger("f", payload: nested(127), action: .void())
      }
      try await peer.fence()
      #expect(await peer.takeUnread() == [])
      try worker.registerFunction("deep") { (depth: Int) async in nested(depth) }
      _ = try await peer.receive("registerfunction")
      await peer.send(#"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"deep","data":127}"#)
      #expect(try await peer.receive("invocationresult")["error"]?["code"] == "invocation_failed")
      await peer.send(#"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"deep","data":126}"#)
      #expect(try await peer.receive("invocationresult")["result"] == nested(126))
    }
  }
}

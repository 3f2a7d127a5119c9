import Testing

@testable import III

@Suite("Connection machine: invocations of the worker's functions")
struct InvocationTests {
  private let id = "550e8400-e29b-41d4-a716-446655440000"

  private func invocation(_ rest: String) -> String { "{\"type\":\"invokefunction\"\(rest)}" }

  @Test("a function runs with the invocation's payload")
  func run() {
    var harness = MachineHarness.connected()
    harness.register("f")
    harness.receive(
      invocation(
        #","invocation_id":"\#(id)","function_id":"f","data":{"a":1},"traceparent":"tp","baggage":"k=v","metadata":7"#))
    let run = harness.runs.first
    #expect(run?.function.id == "f")
    #expect(run?.invocation.invocationID == UUID128(id))
    #expect(run.map { String(decoding: $0.invocation.payload, as: UTF8.self) } == #"{"a":1}"#)
    #expect(run?.invocation.traceparent == "tp")
    #expect(run?.invocation.baggage == "k=v")
    #expect(run?.invocation.metadata == Array("7".utf8))
  }

  @Test("without `data` the payload is null; without an id no answer is sent")
  func noData() {
    var harness = MachineHarness.connected()
    harness.register("f")
    harness.receive(invocation(#","function_id":"f""#))
    harness.receive(invocation(#","function_id":"f","invocation_id":null,"data":null"#))
    #expect(harness.runs.count == 2)
    #expect(harness.runs.allSatisfy { $0.invocation.invocationID == nil })
    #expect(harness.runs.allSatisfy { $0.invocation.payload == Array("null".utf8) })
  }

  @Test("an invocation of an unknown function is answered with an error if the caller waits")
  func unknown() {
    var harness = MachineHarness.connected()
    harness.receive(invocation(#","function_id":"a::nope","data":1"#))
    #expect(harness.written == [])
    harness.receive(invocation(#","invocation_id":"\#(id)","function_id":"a::nope","data":1"#))
    #expect(
      harness.written == [
        #"{"type":"invocationresult","invocation_id":"\#(id)","function_id":"a::nope","error":"#
          + #"{"code":"function_not_found","message":"Function 'a::nope' not found"}}"#
      ])
  }

  @Test("an answer is sent on the connection of its invocation, or not at all")
  func stale() {
    var harness = MachineHarness.connected()
    harness.register("f")
    harness.receive(invocation(#","invocation_id":"\#(id)","function_id":"f","data":1"#))
    let asked = harness.runs[0].invocation.connection
    harness.end()
    harness.reply("offline", to: asked)
    harness.advance(.seconds(1))
    harness.open()
    harness.written = []
    harness.reply("stale", to: asked)
    harness.reply("fresh", to: asked + 1)
    #expect(harness.written == ["fresh"])
  }

  @Test("a `ping` is answered; a message that cannot be read is ignored")
  func ignored() {
    var harness = MachineHarness.connected()
    harness.register("f")
    harness.receive(#"{"type":"ping"}"#)
    #expect(harness.written.last == #"{"type":"pong"}"#)
    harness.written = []
    let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    for message in [
      "", "  ", "{", "nonsense", "[]", "[\"ping\"]", "7", "{}", #"{"type":7}"#, #"{"type":"nope"}"#,
      #"{"type":"pong"}"#,
      #"{"type":"error"}"#, "{\"type\":\"ping\",\"x\":\(deep)}", deep,
      invocation(""), invocation(#","function_id":7"#), invocation(#","function_id":"f","invocation_id":7"#),
      invocation(#","function_id":"f","invocation_id":"no-uuid""#),
      invocation(#","function_id":"f","data":"\#u{FFFF}"#),
      #"{"type":"invocationresult"}"#, #"{"type":"invocationresult","invocation_id":"x"}"#,
      #"{"type":"invocationresult","invocation_id":[]}"#, #"{"type":"workerregistered"}"#,
      #"{"type":"workerregistered","worker_id":null}"#, #"{"type":"registertrigger","id":"x"}"#,
      #"{"type":"functionregistered","id":"x"}"#,
    ] {
      harness.receive(message)
      #expect(harness.written == [], "\(message.prefix(80))")
      #expect(harness.phase == .connected)
    }
    #expect(harness.runs.isEmpty)
    #expect(harness.logs.count == 3)
  }

  @Test("payloads may be deeply nested")
  func deep() {
    var harness = MachineHarness.connected()
    harness.register("f")
    let data = String(repeating: "[", count: 1_000) + String(repeating: "]", count: 1_000)
    harness.receive(invocation(",\"function_id\":\"f\",\"data\":\(data)"))
    #expect(harness.runs.count == 1)
  }

  @Test("WebSocket pings are answered")
  func pings() {
    var harness = MachineHarness.connected()
    Array("abc".utf8).withView { payload in harness.event { $0.received(ping: payload, now: $1) } }
    #expect(harness.written == ["pong abc"])
  }

  @Test("only the newest pong waits for an engine that sends pings and does not read")
  func pongsOfAnEngineThatDoesNotRead() {
    var harness = MachineHarness.connected()
    harness.room = 0
    for index in 0..<1_000 {
      harness.receive(#"{"type":"ping"}"#)
      Array("\(index)".utf8).withView { payload in harness.event { $0.received(ping: payload, now: $1) } }
    }
    #expect(harness.phase == .connected)
    #expect(harness.machine.outbox.backlog < 100)
    harness.makeRoom()
    #expect(harness.written == ["ping ", #"{"type":"pong"}"#, "pong 999"])
  }

  @Test("an error of the engine is logged, and is the reason of the connection's end")
  func engineError() {
    var harness = MachineHarness.connected { $0.reconnection.maxRetries = 0 }
    harness.call("a")
    harness.receive(#"{"type":"error","error":{"code":"SOME_ERROR","message":"no such key"}}"#)
    #expect(harness.logs == ["ERROR ws://engine reports SOME_ERROR: no such key"])
    harness.close(nil)
    #expect(harness.outcomes["a"]?.contains("SOME_ERROR: no such key") == true)
    harness.call("late")
    #expect(harness.outcomes["late"]?.contains("SOME_ERROR: no such key") == true)
  }

  @Test("a worker that the auth function refuses has failed, with the engine's reason, and does not try again")
  func refusedAuthentication() {
    var harness = MachineHarness.connected()
    harness.call("a")
    harness.receive(#"{"type":"error","error":{"code":"AUTH_ERROR","message":"no such key"}}"#)
    #expect(harness.phase == .failed)
    #expect(harness.outcomes["a"]?.contains("has refused this worker: AUTH_ERROR: no such key") == true)
    harness.close(nil)
    #expect(harness.phase == .failed)
  }

  @Test("where refused authentication is retried, the waits grow as for an engine that cannot be reached")
  func retriedAuthentication() {
    var harness = MachineHarness.connected {
      $0.reconnection = ReconnectionConfig(jitterFactor: 0, maxRetries: 2, retriesRefusedAuthentication: true)
    }
    for retry in 0..<3 {
      #expect(harness.phase == .connected)
      harness.receive(#"{"type":"error","error":{"code":"AUTH_ERROR","message":"no such key"}}"#)
      harness.close(nil)
      guard retry < 2 else { break }
      #expect(harness.phase == .reconnecting)
      harness.advance(.seconds(1 << retry))
      harness.open()
    }
    #expect(harness.phase == .failed)
  }

  @Test("a refused worker fails; a refused function leaves the worker connected")
  func refused() {
    var harness = MachineHarness.connected()
    harness.call("a")
    harness.receive(
      #"{"type":"registrationrejected","code":"FUNCTION_NAMESPACE_CONFLICT","namespace":"n","function_id":"f","owner_worker_id":"w"}"#
    )
    #expect(harness.phase == .connected)
    harness.receive(
      #"{"type":"registrationrejected","code":"WORKER_NAMESPACE_CONFLICT","namespace":"n","worker_name":"me","owner_worker_id":"w"}"#
    )
    #expect(
      harness.rejections == [
        RegistrationRejectedError(
          code: "FUNCTION_NAMESPACE_CONFLICT", namespace: "n", functionID: "f", ownerWorkerID: "w"),
        RegistrationRejectedError(
          code: "WORKER_NAMESPACE_CONFLICT", namespace: "n", workerName: "me", ownerWorkerID: "w"),
      ])
    #expect(harness.outcomes["a"]?.hasPrefix("WORKER_NAMESPACE_CONFLICT") == true)
    #expect(harness.states.last == .failed)
    harness.end()
    harness.advance(.seconds(100))
    #expect(harness.dials == 1)
    harness.call("late")
    #expect(harness.outcomes["late"]?.hasPrefix("WORKER_NAMESPACE_CONFLICT") == true)
  }
}

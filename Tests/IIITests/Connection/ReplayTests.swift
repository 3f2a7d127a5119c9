import Testing

@testable import III

@Suite("Connection machine: what a new connection is told")
struct ReplayTests {
  @Test("the worker introduces itself first")
  func introduction() {
    var harness = MachineHarness()
    harness.connect()
    #expect(harness.written == ["introduction"])
  }

  @Test("reattach, introduction, functions in their order, calls: each once")
  func order() {
    var harness = MachineHarness()
    for id in ["f3", "f1", "f2"] { harness.register(id) }
    harness.connect()
    #expect(harness.written == ["introduction"] + ["f3", "f1", "f2"].map(Self.registration))
    harness.receive(#"{"type":"workerregistered","worker_id":"w1","reattach_token":"t"}"#)
    harness.end()
    harness.written = []
    harness.register("f4")
    harness.call("queued")
    harness.send("void")
    harness.advance(.seconds(1))
    harness.open()
    #expect(
      harness.written
        == [
          #"{"type":"reattach","previous_worker_id":"w1","reattach_token":"t"}"#, "introduction",
        ] + ["f3", "f1", "f2", "f4"].map(Self.registration) + ["queued", "void"])
  }

  private static func registration(_ id: String) -> String { "{\"type\":\"registerfunction\",\"id\":\"\(id)\"}" }

  @Test("what was unregistered while there was no connection is not told")
  func unregistered() {
    var harness = MachineHarness.connected()
    harness.register("a")
    harness.register("b")
    harness.end()
    harness.event { machine, _ in machine.unregister("a") }
    harness.written = []
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.written == ["introduction", Self.registration("b")])
  }

  @Test("registrations and their end while connected")
  func unregister() {
    var harness = MachineHarness.connected()
    harness.register("a::b")
    harness.event { machine, _ in machine.unregister("a::b") }
    harness.event { machine, _ in machine.unregister("a::b") }
    #expect(harness.written == [Self.registration("a::b"), #"{"type":"unregisterfunction","id":"a::b"}"#])
  }

  @Test("the token of the last connection is kept until there is another")
  func reattach() {
    var harness = MachineHarness.connected()
    harness.receive(#"{"type":"workerregistered","worker_id":"w\u0031","reattach_token":"t1"}"#)
    #expect(harness.workerIDs == ["w1"])
    for _ in 0..<2 {
      harness.end()
      harness.written = []
      harness.advance(.seconds(5))
      harness.open()
      #expect(
        harness.written.first == #"{"type":"reattach","previous_worker_id":"w\u0031","reattach_token":"t1"}"#)
    }
    // An engine of 0.13 gives none.
    harness.receive(#"{"type":"workerregistered","worker_id":"w2"}"#)
    harness.end()
    harness.written = []
    harness.advance(.seconds(5))
    harness.open()
    #expect(harness.written == ["introduction"])
  }

  @Test("a registered function, with all that can be said of it")
  func registrationMessage() {
    let message = RegisterFunctionMessage(
      id: "a\"b", description: "D", requestFormat: Array("{}".utf8), responseFormat: Array("1".utf8),
      metadata: Array("[2]".utf8))
    #expect(
      MachineHarness.decode(message.frame()) == [
        #"{"type":"registerfunction","id":"a\"b","description":"D","request_format":{},"response_format":1,"metadata":[2]}"#
      ])
  }
}

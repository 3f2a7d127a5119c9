import Testing

@testable import III

@Suite("Connection machine: the first messages of a connection")
struct ReplayTests {
  @Test("the worker's metadata is sent first")
  func introduction() {
    var harness = MachineHarness()
    harness.connect()
    #expect(harness.written == ["introduction"])
  }

  @Test("reattach, metadata, functions in their order and calls are sent once each")
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

  @Test("what was unregistered without a connection is not sent")
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

  @Test("registrations and their end are sent while connected")
  func unregister() {
    var harness = MachineHarness.connected()
    harness.register("a::b")
    harness.event { machine, _ in machine.unregister("a::b") }
    harness.event { machine, _ in machine.unregister("a::b") }
    #expect(harness.written == [Self.registration("a::b"), #"{"type":"unregisterfunction","id":"a::b"}"#])
  }

  @Test("the token of the last connection is kept until there is a new one")
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
    // Engine 0.13 sends no token.
    harness.receive(#"{"type":"workerregistered","worker_id":"w2"}"#)
    harness.end()
    harness.written = []
    harness.advance(.seconds(5))
    harness.open()
    #expect(harness.written == ["introduction"])
  }

  @Test("a function is registered with all its members")
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

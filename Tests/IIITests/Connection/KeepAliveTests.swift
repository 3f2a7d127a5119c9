import Testing

@testable import III

@Suite("Connection machine: keep-alive")
struct KeepAliveTests {
  @Test("a large message on a slow link is sent although nothing arrives")
  func slowUpload() {
    var harness = MachineHarness.connected()
    harness.room = 0
    harness.call("large", timeout: .seconds(1_000), size: 32 << 20)
    for _ in 0..<64 {
      harness.advance(.seconds(1))
      harness.makeRoom(512 << 10)
    }
    #expect(harness.phase == .connected)
    harness.makeRoom(512 << 10)
    #expect(harness.written.contains { $0.hasPrefix("large") })
    // Everything has been sent: from now on only inbound bytes count.
    harness.makeRoom()
    harness.advance(.seconds(61))
    #expect(harness.phase != .connected)
  }

  @Test("bytes that the socket accepts without an earlier refusal do not count as progress")
  func acceptedWithoutRefusal() {
    var harness = MachineHarness.connected()
    for _ in 0..<60 {
      harness.send("void")
      harness.advance(.seconds(1))
    }
    #expect(harness.phase == .reconnecting)
  }

  @Test("a ping is sent before waiting payloads")
  func pingFirst() {
    var harness = MachineHarness.connected()
    harness.room = 10
    for index in 0..<4 { harness.send("\(index)", size: 100) }
    harness.advance(.seconds(20))
    harness.makeRoom()
    #expect(harness.written.map { $0.prefix(1) } == ["0", "p", "1", "2", "3"])
  }

  @Test("a connection whose backlog makes no progress is dropped, although the engine continues to send")
  func stalled() {
    var harness = MachineHarness.connected()
    harness.room = 0
    harness.call("a", timeout: .seconds(1_000), size: 1_000)
    for _ in 0..<74 where harness.phase == .connected {
      harness.advance(.seconds(1))
      harness.event { $0.noteInbound(now: $1) }
    }
    #expect(harness.phase != .connected)
    #expect(harness.drops == 1)
    #expect(harness.logs.last?.contains("accepted none of the") == true)
    // No byte of the call was sent, so it waits for the next connection.
    #expect(harness.outcomes["a"] == nil)
  }

  @Test("a connection whose backlog makes progress is kept, however slow and large it is")
  func moving() {
    var harness = MachineHarness.connected()
    harness.room = 0
    for index in 0..<100 { harness.reply("\(index)", to: 1, size: 64 << 10) }
    for _ in 0..<100 {
      harness.advance(.seconds(30))
      harness.makeRoom(1_000)
    }
    #expect(harness.phase == .connected)
    #expect(harness.drops == 0)
  }
}

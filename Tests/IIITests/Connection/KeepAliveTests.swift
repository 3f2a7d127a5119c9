import Testing

@testable import III

@Suite("Connection machine: keep-alive")
struct KeepAliveTests {
  @Test("a large message survives a slow link on which nothing comes back")
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
    // Everything has left: from now on only what comes counts.
    harness.makeRoom()
    harness.advance(.seconds(61))
    #expect(harness.phase != .connected)
  }

  @Test("bytes that the socket accepts without having refused any are no sign of life")
  func acceptedWithoutRefusal() {
    var harness = MachineHarness.connected()
    for _ in 0..<60 {
      harness.send("void")
      harness.advance(.seconds(1))
    }
    #expect(harness.phase == .reconnecting)
  }

  @Test("a ping leaves before the payloads that wait")
  func pingFirst() {
    var harness = MachineHarness.connected()
    harness.room = 10
    for index in 0..<4 { harness.send("\(index)", size: 100) }
    harness.advance(.seconds(20))
    harness.makeRoom()
    #expect(harness.written.map { $0.prefix(1) } == ["0", "p", "1", "2", "3"])
  }

  @Test("a connection whose backlog does not move is dropped, though the engine goes on sending")
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
    // The call had not begun to leave: it waits for the next connection.
    #expect(harness.outcomes["a"] == nil)
  }

  @Test("a backlog that moves is kept, however slow and large it is")
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

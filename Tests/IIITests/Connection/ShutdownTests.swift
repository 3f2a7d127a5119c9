import Testing

@testable import III

@Suite("Connection machine: shutting down")
struct ShutdownTests {
  @Test("waiting calls fail, and a Close is sent and answered")
  func connected() {
    var harness = MachineHarness.connected()
    harness.call("a")
    harness.send("void")
    harness.event { $0.shutDown(now: $1) }
    #expect(harness.outcomes["a"] == "SHUTDOWN: iii is shutting down")
    #expect(harness.written == ["a", "void", "close 1000"])
    #expect(harness.phase == .closing)
    #expect(!harness.hasShutDown)
    harness.call("late")
    #expect(harness.outcomes["late"] == "SHUTDOWN: iii is shutting down")
    harness.close(1000)
    #expect(harness.hasShutDown)
    #expect(harness.states.last == .disconnected)
    #expect(harness.machine.timers.isEmpty)
    harness.event { $0.shutDown(now: $1) }
    harness.end()
    harness.advance(.seconds(100))
    #expect(harness.dials == 1)
    #expect(harness.states == [.connecting, .connected, .disconnected])
  }

  @Test("the end of the connection counts as the engine's answer")
  func dropped() {
    var harness = MachineHarness.connected()
    harness.event { $0.shutDown(now: $1) }
    harness.end()
    #expect(harness.hasShutDown)
  }

  @Test("an engine that does not answer is waited for at most 5 s")
  func bounded() {
    var harness = MachineHarness.connected()
    harness.event { $0.shutDown(now: $1) }
    harness.advance(.milliseconds(4_999))
    #expect(!harness.hasShutDown)
    harness.advance(.milliseconds(1))
    #expect(harness.hasShutDown)
    #expect(harness.drops == 1)
  }

  @Test("messages that the engine sends after the shutdown are ignored")
  func deaf() {
    var harness = MachineHarness.connected()
    harness.register("f")
    harness.event { $0.shutDown(now: $1) }
    harness.written = []
    harness.receive(#"{"type":"ping"}"#)
    harness.receive(#"{"type":"invokefunction","function_id":"f","data":1}"#)
    harness.reply("late", to: 1)
    #expect(harness.written == [])
    #expect(harness.runs.isEmpty)
  }

  @Test(
    "the worker ends at once without a connection",
    arguments: ["connecting", "handshaking", "reconnecting", "failed", "new"])
  func elsewhere(phase: String) {
    var harness = MachineHarness { $0.reconnection.maxRetries = phase == "failed" ? 0 : nil }
    if phase != "new" { harness.start() }
    harness.call("a")
    if phase == "handshaking" { harness.event { machine, _ in machine.dialled() } }
    if phase == "reconnecting" || phase == "failed" { harness.event { $0.dialFailed("refused", now: $1) } }
    harness.event { $0.shutDown(now: $1) }
    #expect(harness.hasShutDown)
    #expect(harness.outcomes.count == 1)
    #expect(harness.outcomes["a"]?.hasPrefix(phase == "failed" ? "CONNECTION_FAILED" : "SHUTDOWN") == true)
    #expect(harness.drops == (phase == "handshaking" || phase == "connecting" ? 1 : 0))
    harness.advance(.seconds(1_000))
    #expect(harness.dials <= 1)
  }

  @Test("when a loop ends, its workers end")
  func abandoned() {
    var harness = MachineHarness.connected()
    harness.call("a")
    harness.event { machine, _ in machine.abandon() }
    #expect(harness.outcomes["a"] == "SHUTDOWN: iii is shutting down")
    #expect(harness.hasShutDown)
    #expect(harness.drops == 1)
    harness.event { machine, _ in machine.abandon() }
  }
}

import Testing

@testable import III

@Suite("Connection machine: accepting no more work")
struct RetirementTests {
  private let id = "550e8400-e29b-41d4-a716-446655440000"

  @Test("triggers and functions are unregistered; invocations that were already sent are run and answered")
  func retire() {
    var harness = MachineHarness.connected()
    harness.register("g")
    harness.register("f")
    let trigger = Trigger(
      RegisterTriggerMessage(id: "t", type: "cron", functionID: "f", config: Array("{}".utf8))
    ) {}
    harness.event { machine, _ in machine.register(trigger) }
    harness.written = []
    for _ in 0..<2 { harness.event { machine, _ in machine.retire() } }
    #expect(
      harness.written == [
        #"{"type":"unregistertrigger","id":"t","trigger_type":"cron"}"#, #"{"type":"unregisterfunction","id":"g"}"#,
        #"{"type":"unregisterfunction","id":"f"}"#,
      ])
    harness.receive(#"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"f","data":1}"#)
    #expect(harness.runs.map(\.function.id) == ["f"])
    harness.reply("answer", to: 1)
    harness.call("out")
    #expect(harness.written.suffix(2) == ["answer", "out"])
  }

  @Test("nothing is registered any more, also not on the next connection")
  func reconnected() {
    var harness = MachineHarness.connected()
    harness.register("f")
    harness.event { machine, _ in machine.retire() }
    harness.written = []
    harness.register("late")
    #expect(harness.written == [])
    harness.end()
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.written == ["introduction"])
  }

  @Test("without a connection nothing is sent")
  func offline() {
    var harness = MachineHarness()
    harness.register("f")
    harness.event { machine, _ in machine.retire() }
    harness.connect()
    #expect(harness.written == ["introduction"])
  }
}

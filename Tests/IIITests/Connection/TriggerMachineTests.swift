import Testing

@testable import III

@Suite("Connection machine: triggers and trigger types")
struct TriggerMachineTests {
  struct Provider: TriggerHandler {
    func registerTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {}
    func unregisterTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {}
  }

  static func trigger(_ id: String, _ type: String = "wh") -> Trigger {
    Trigger(RegisterTriggerMessage(id: id, type: type, functionID: "f", config: Array("{}".utf8))) {}
  }

  static func type(_ id: String) -> RegisteredTriggerType {
    RegisteredTriggerType(RegisterTriggerTypeMessage(id: id, description: "d"), handler: Provider())
  }

  static let typeText = #"{"type":"registertriggertype","id":"wh","description":"d"}"#
  static func triggerText(_ id: String) -> String {
    #"{"type":"registertrigger","id":"\#(id)","trigger_type":"wh","function_id":"f","config":{}}"#
  }

  @Test("types go before functions, functions before triggers, each with the id that it had")
  func replay() {
    var harness = MachineHarness()
    harness.event { machine, _ in machine.register(Self.trigger("t1")) }
    harness.register("f")
    harness.event { machine, _ in machine.register(Self.type("wh")) }
    let function = #"{"type":"registerfunction","id":"f"}"#
    for _ in 0..<2 {
      harness.written = []
      harness.start()
      harness.advance(.seconds(1))
      harness.open()
      #expect(harness.written == ["introduction", Self.typeText, function, Self.triggerText("t1")])
      harness.end()
    }
  }

  @Test("what was unregistered while there was no connection is not told")
  func unregisteredOffline() {
    var harness = MachineHarness.connected()
    harness.event { machine, _ in machine.register(Self.type("wh")) }
    harness.event { machine, _ in machine.register(Self.trigger("t1")) }
    harness.event { machine, _ in machine.register(Self.trigger("t2")) }
    harness.end()
    harness.event { machine, _ in
      machine.unregister(trigger: "t1")
      machine.unregister(triggerType: "wh")
    }
    harness.written = []
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.written == ["introduction", Self.triggerText("t2")])
  }

  @Test("a trigger is unregistered by id and type, once")
  func unregister() {
    var harness = MachineHarness.connected()
    harness.event { machine, _ in machine.register(Self.trigger("t1")) }
    for _ in 0..<2 { harness.event { machine, _ in machine.unregister(trigger: "t1") } }
    #expect(
      harness.written == [Self.triggerText("t1"), #"{"type":"unregistertrigger","id":"t1","trigger_type":"wh"}"#])
  }

  @Test("the handler hears of a trigger and, of its end, all that was registered")
  func provider() {
    var harness = MachineHarness.connected()
    harness.event { machine, _ in machine.register(Self.type("wh")) }
    harness.receive(
      #"{"type":"registertrigger","id":"x","trigger_type":"wh","function_id":"f::x","config":{"a":1},"metadata":2}"#)
    harness.receive(#"{"type":"unregistertrigger","id":"x","trigger_type":"wh"}"#)
    harness.receive(#"{"type":"unregistertrigger","id":"x","trigger_type":"wh"}"#)
    let expected = InboundTrigger(
      id: "x", type: "wh", functionID: "f::x", config: Array(#"{"a":1}"#.utf8), metadata: Array("2".utf8))
    #expect(harness.triggersAdded == [expected] && harness.triggersRemoved == [expected])
  }

  @Test("an unknown type is answered so; what is malformed is ignored")
  func unknownType() {
    var harness = MachineHarness.connected()
    harness.receive(#"{"type":"registertrigger","id":"x","trigger_type":"no","function_id":"f","config":null}"#)
    #expect(
      harness.written == [
        #"{"type":"triggerregistrationresult","id":"x","trigger_type":"no","function_id":"f","error":{"code":"trigger_type_not_found","message":"Trigger type not found"}}"#
      ])
    harness.receive(#"{"type":"registertrigger","id":5}"#)
    harness.receive(#"{"type":"unregistertrigger"}"#)
    harness.receive(#"{"type":"triggerregistrationresult"}"#)
    #expect(harness.triggersAdded.isEmpty && harness.written.count == 1 && harness.drops == 0)
  }

  @Test("a refusal stands in the trigger and in the log")
  func refusal() {
    var harness = MachineHarness.connected()
    let trigger = Self.trigger("t1")
    harness.event { machine, _ in machine.register(trigger) }
    harness.receive(#"{"type":"triggerregistrationresult","id":"t1","trigger_type":"wh","function_id":"f"}"#)
    #expect(trigger.registrationError == nil)
    harness.receive(
      #"{"type":"triggerregistrationresult","id":"t1","trigger_type":"wh","function_id":"f","error":{"code":"E","message":"no"}}"#
    )
    #expect(trigger.registrationError?.code == "E" && trigger.registrationError?.functionID == "f")
    #expect(harness.logs == ["ERROR Trigger registration failed for t1 (wh): no"])
    harness.receive(
      #"{"type":"triggerregistrationresult","id":"other","trigger_type":"wh","function_id":"f","error":{"code":"E","message":"no"}}"#
    )
    #expect(harness.logs.count == 1)
  }
}

import Testing
import UV

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

  @Test("types are sent before functions, functions before triggers, each with its previous id")
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

  @Test("what was unregistered without a connection is not sent")
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

  @Test("the handler is told of a trigger, and at its end receives all that was registered")
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

  @Test("a trigger of an unknown type is answered with an error; a malformed message is ignored")
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

  @Test("a refusal is stored in the trigger and logged")
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

  // MARK: Reconnects and replaced handlers

  private static func registration(_ id: String, _ config: String = "{}") -> String {
    #"{"type":"registertrigger","id":"\#(id)","trigger_type":"wh","function_id":"f","config":\#(config)}"#
  }

  @Test("a trigger that ended while the provider was disconnected is reported once the engine has sent the others")
  func endedWhileAway() {
    var harness = MachineHarness.connected()
    harness.event { machine, _ in machine.register(Self.type("wh")) }
    for id in ["a", "b", "c"] { harness.receive(Self.registration(id)) }
    harness.end()
    harness.written = []
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.written == ["introduction", Self.typeText, #"{"type":"ping"}"#])
    harness.receive(Self.registration("b"))
    #expect(harness.triggersRemoved.isEmpty)
    harness.receive(#"{"type":"pong"}"#)
    #expect(harness.triggersRemoved.map(\.id) == ["a", "c"])
    harness.receive(#"{"type":"pong"}"#)
    #expect(harness.triggersRemoved.count == 2)
  }

  @Test("a second reconnect before the engine has sent all triggers ends none too early")
  func lostDuringReplay() {
    var harness = MachineHarness.connected()
    harness.event { machine, _ in machine.register(Self.type("wh")) }
    for id in ["a", "b"] { harness.receive(Self.registration(id)) }
    for _ in 0..<2 {
      harness.end()
      harness.advance(.seconds(2))
      harness.open()
      harness.receive(Self.registration("a"))
    }
    #expect(harness.triggersRemoved.isEmpty)
    harness.receive(Self.registration("b"))
    harness.receive(#"{"type":"pong"}"#)
    #expect(harness.triggersRemoved.isEmpty)
  }

  @Test("a handler is told that its triggers have ended when its type is unregistered or has a new handler")
  func replaced() {
    var harness = MachineHarness.connected()
    let old = Self.type("wh")
    let new = Self.type("wh")
    harness.event { machine, _ in machine.register(old) }
    harness.receive(Self.registration("a"))
    harness.event { machine, _ in machine.register(new) }
    #expect(harness.triggersRemoved.map(\.id) == ["a"])
    harness.receive(Self.registration("a"))
    harness.event { machine, _ in machine.unregister(old) }
    #expect(harness.machine.triggerTypes[ByteKey("wh")] === new && harness.triggersRemoved.count == 1)
    harness.event { machine, _ in machine.unregister(new) }
    #expect(harness.machine.triggerTypes.isEmpty && harness.triggersRemoved.map(\.id) == ["a", "a"])
  }

  @Test("ids of triggers and types are compared by their bytes")
  func bytes() {
    var harness = MachineHarness.connected()
    harness.event { machine, _ in machine.register(Self.type("caf\u{E9}")) }
    harness.event { machine, _ in machine.register(Self.type("cafe\u{301}")) }
    #expect(harness.machine.triggerTypes.count == 2)
    for id in ["caf\u{E9}", "cafe\u{301}"] {
      harness.receive(#"{"type":"registertrigger","id":"\#(id)","trigger_type":"\#(id)","function_id":"f","config":1}"#)
    }
    harness.event { machine, _ in machine.unregister(triggerType: "cafe\u{301}") }
    #expect(harness.triggersRemoved.map { Array($0.id.utf8) } == [Array("cafe\u{301}".utf8)])
  }

  // MARK: Handlers

  /// Records its calls; refuses configurations with `isRefused`.
  private struct Recorder: TriggerHandler {
    struct Config: Codable, Sendable { var isRefused: Bool? }
    let notes: Lock<[String]>
    var name = ""
    func registerTrigger(_ trigger: TriggerConfig<Config>) async throws {
      notes.withLock { $0.append("\(name)+\(trigger.id)") }
      if trigger.config.isRefused == true { throw IIIInvocationError(code: "NO", message: "refused") }
    }
    func unregisterTrigger(_ trigger: TriggerConfig<Config>) async throws {
      await Task.yield()
      notes.withLock { $0.append("\(name)-\(trigger.id)") }
    }
  }

  private static func type(_ handler: Recorder) -> RegisteredTriggerType {
    RegisteredTriggerType(RegisterTriggerTypeMessage(id: "wh", description: "d"), handler: handler)
  }

  private static func inbound(_ config: String) -> InboundTrigger {
    InboundTrigger(id: "x", type: "wh", functionID: "f", config: Array(config.utf8))
  }

  private func register(_ trigger: InboundTrigger, on type: RegisteredTriggerType) async -> String? {
    await withCheckedContinuation { done in type.register(trigger) { done.resume(returning: $0?.code) } }
  }

  private func unregister(_ trigger: InboundTrigger, on type: RegisteredTriggerType) async {
    await withCheckedContinuation { done in type.unregister(trigger) { done.resume() } }
  }

  @Test("a handler is not told again of a trigger that it has, and is told of one that has changed")
  func onlyChanges() async {
    let notes = Lock<[String]>([])
    let type = Self.type(Recorder(notes: notes))
    for _ in 0..<2 { #expect(await register(Self.inbound("{}"), on: type) == nil) }
    #expect(notes.withLock { $0 } == ["+x"])
    #expect(await register(Self.inbound(#"{"b":1}"#), on: type) == nil)
    await unregister(Self.inbound(#"{"b":1}"#), on: type)
    await unregister(Self.inbound(#"{"b":1}"#), on: type)
    #expect(notes.withLock { $0 } == ["+x", "+x", "-x"])
  }

  @Test("a handler is told again of a trigger that it refused, and not told of its end")
  func refused() async {
    let notes = Lock<[String]>([])
    let type = Self.type(Recorder(notes: notes))
    let trigger = Self.inbound(#"{"isRefused":true}"#)
    for _ in 0..<2 { #expect(await register(trigger, on: type) == "NO") }
    await unregister(trigger, on: type)
    #expect(notes.withLock { $0 } == ["+x", "+x"])
  }

  @Test("a refusal that comes from a call of the handler is not passed on with a code of client or engine")
  func refusalOfCall() async {
    struct Failing: TriggerHandler {
      func registerTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {
        throw IIIInvocationError.make(code: "TIMEOUT", message: "late", functionID: "x", origin: .client)
      }
      func unregisterTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {}
    }
    let type = RegisteredTriggerType(RegisterTriggerTypeMessage(id: "wh", description: "d"), handler: Failing())
    let refusal = await withCheckedContinuation { done in
      type.register(Self.inbound("{}")) { done.resume(returning: $0.map { [$0.code, $0.message] }) }
    }
    #expect(refusal == ["trigger_registration_failed", "in a call of 'x': TIMEOUT: late"])
  }

  @Test("a handler that replaces another is called after the other was told of the end")
  func order() async {
    let notes = Lock<[String]>([])
    let old = Self.type(Recorder(notes: notes, name: "old"))
    let new = Self.type(Recorder(notes: notes, name: "new"))
    let trigger = Self.inbound("{}")
    #expect(await register(trigger, on: old) == nil)
    new.follow(old)
    old.unregister(trigger) {}
    #expect(await register(trigger, on: new) == nil)
    #expect(notes.withLock { $0 } == ["old+x", "old-x", "new+x"])
  }
}

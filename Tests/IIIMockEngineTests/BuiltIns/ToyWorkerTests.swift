import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// A built-in worker in one file: two functions, a trigger type and a timer.
private struct ToySettings: BuiltInSettings {
  static let workerName = "iii-toy"
  static let triggerTypes = ["toy::chime"]

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    _ = try entry.members(known: [])
  }

  func makeWorker() -> any BuiltInWorker { ToyWorker() }
}

private final class ToyWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: ToySettings.workerName,
    functions: [
      BuiltInFunction(
        "toy::reverse", "Reverses a text.", input: "ReverseInput", fields: [.init("text", .string, isRequired: true)]),
      BuiltInFunction(
        "toy::chimeIn", "Fires every chime after a while.", input: "ChimeInput", fields: [.init("seconds", .u64)]),
    ], triggerTypes: [BuiltInTriggerType(id: "toy::chime", description: "Chimes when a timer fires")])

  private var host: BuiltInHost?
  private var triggers = BuiltInTriggers()
  private var waiting: [TimerToken: ReplyToken] = [:]

  func start(_ host: BuiltInHost) { self.host = host }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try call.input(of: function)
    try input.check(function.fields)
    guard let host, function.number == 1 else {
      return .json(.string(String(try input.requiredString("text").reversed())))
    }
    let reply = host.laterReply()
    if let timer = host.schedule(after: .seconds(Int64(input.unsigned("seconds") ?? 0))) { waiting[timer] = reply }
    return .later(reply)
  }

  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {
    guard let host, let reply = waiting.removeValue(forKey: token) else { return }
    for trigger in triggers.inOrder { host.fire(trigger, Array(#"{"chime":true}"#.utf8)) }
    host.reply(reply, .json(["fired": .int(Int64(triggers.inOrder.count))]))
  }

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    guard trigger.config != Array("null".utf8) else {
      return InvocationFailure(code: "toy_error", message: "no config")
    }
    triggers.insert(trigger, replacing: old)
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) { triggers.remove(trigger) }
}

@Suite struct ToyWorkerTests {
  private static func withToy(_ body: (MockEngine, TimeSource) async throws -> Void) async throws {
    var configuration = MockEngine.Configuration()
    configuration.additionalBuiltIns = [ToySettings(environment: Variables([:]), isOn: true)]
    let time = TimeSource.manual()
    let engine = try await MockEngine.start(configuration, time: time)
    do {
      try await body(engine, time)
      await engine.shutdown()
    } catch {
      await engine.shutdown()
      throw error
    }
  }

  @Test("A built-in worker of one file serves calls, timers and triggers over a real socket")
  func oneFile() async throws {
    try await Self.withToy { engine, time in
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()

      await peer.send(
        #"{"type":"invokefunction","invocation_id":"\#(id(1))","function_id":"toy::reverse","data":{"text":"abc"}}"#)
      #expect(try JSONValue(parsing: try await peer.receiveText())["result"] == "cba")
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"\#(id(2))","function_id":"toy::reverse","data":{"text":1}}"#)
      #expect(
        try JSONValue(parsing: try await peer.receiveText())["error"]?["message"]
          == "Failed to deserialize input for toy::reverse: invalid type: integer `1`, expected a string")

      await peer.send(#"{"type":"registerfunction","id":"heard"}"#)
      await peer.send(
        #"{"type":"registertrigger","id":"c","trigger_type":"toy::chime","function_id":"heard","config":{},"metadata":7}"#
      )
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"\#(id(3))","function_id":"toy::chimeIn","data":{"seconds":60}}"#)
      try await peer.fence()
      #expect(await peer.takeUnread().isEmpty)

      await time.advance(by: .seconds(60))
      let call = try JSONValue(parsing: try await peer.receiveText())
      #expect(call["function_id"] == "heard" && call["data"] == ["chime": true] && call["metadata"] == 7)
      #expect(try JSONValue(parsing: try await peer.receiveText())["result"] == ["fired": 1])
    }
  }

  @Test("A trigger that a built-in worker refuses is reported to its owner and not listed")
  func refusal() async throws {
    try await Self.withToy { engine, _ in
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()

      await peer.send(
        #"{"type":"registertrigger","id":"c","trigger_type":"toy::chime","function_id":"heard","config":null}"#)

      let result = try JSONValue(parsing: try await peer.receiveText())
      #expect(result["type"] == "triggerregistrationresult" && result["error"]?["code"] == "toy_error")
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"\#(id(1))","function_id":"engine::registered-triggers::list","data":{}}"#
      )
      #expect(try JSONValue(parsing: try await peer.receiveText())["result"] == ["registered_triggers": []])
    }
  }

  @Test("A worker that left before a later answer is no trouble")
  func callerLeft() async throws {
    try await Self.withToy { engine, time in
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"\#(id(1))","function_id":"toy::chimeIn","data":{"seconds":5}}"#)
      try await peer.fence()
      await peer.abort()

      let other = try await RawPeer.open(engine.url)
      _ = try await other.receiveText()
      await time.advance(by: .seconds(5))
      try await other.fence()
      #expect(await other.takeUnread().isEmpty)
    }
  }

  @Test("Listings show the functions and the trigger type of an added worker")
  func listings() async throws {
    try await Self.withToy { engine, _ in
      let worker = try await engine.registerWorker()
      let info: JSONValue = try await worker.trigger("engine::workers::info", payload: ["name": "iii-toy"] as JSONValue)
      #expect(info["worker"]?["function_count"] == 2)
      #expect(info["functions"]?[1]?["function_id"] == "toy::reverse")
      let types: JSONValue = try await worker.trigger("engine::triggers::list", payload: ["prefix": "toy"] as JSONValue)
      #expect(types["triggers"]?[0]?["id"] == "toy::chime")
    }
  }
}

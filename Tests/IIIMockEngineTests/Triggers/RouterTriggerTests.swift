import III
import Testing

@testable import IIIMockEngine

@Suite struct RouterTriggerTests {
  static let type = #"{"type":"registertriggertype","id":"webhook","description":"d"}"#
  static func bind(_ id: String, _ type: String = "webhook", _ more: String = #","config":{"u":1}"#) -> String {
    #"{"type":"registertrigger","id":"\#(id)","trigger_type":"\#(type)","function_id":"f"\#(more)}"#
  }

  @Test func aTriggerIsForwardedByteForByte() throws {
    var bench = RouterBench()
    let provider = bench.connect()
    let owner = bench.connect()
    bench.send(provider, Self.type)
    bench.send(owner, Self.bind("t", "webhook", #","config":{"z":1.0,"a":null},"metadata":{"m":1}"#))
    #expect(
      bench.output.sent.map(\.text) == [
        #"{"type":"registertrigger","id":"t","trigger_type":"webhook","function_id":"f","config":{"z":1.0,"a":null},"metadata":{"m":1}}"#
      ])
    bench.send(owner, #"{"type":"unregistertrigger","id":"t"}"#)
    #expect(bench.output.sent.last?.text == #"{"type":"unregistertrigger","id":"t","trigger_type":"webhook"}"#)
    #expect(bench.output.sent.allSatisfy { $0.peer == provider })
  }

  @Test func aProvidersErrorReachesTheOwnerWithWhatWasStored() throws {
    var bench = RouterBench(.current)
    let provider = bench.connect()
    let owner = bench.connect("o")
    bench.send(provider, Self.type)
    bench.send(owner, Self.bind("t"))
    let answer =
      #"{"type":"triggerregistrationresult","id":"t","trigger_type":"other","function_id":"other","error":{"code":"E","message":"no","stacktrace":"s","x":1}}"#
    bench.send(owner, answer)
    #expect(bench.output.take(owner).isEmpty)
    bench.send(provider, answer)
    #expect(
      bench.output.take(owner) == [
        [
          "type": "triggerregistrationresult", "id": "t", "trigger_type": "webhook", "function_id": "f",
          "error": ["code": "E", "message": "no", "stacktrace": "s"],
        ]
      ])
    #expect(bench.router.triggers.trigger("t") == nil)
    // Twice is once.
    bench.send(provider, answer)
    #expect(bench.output.take(owner).isEmpty)
  }

  @Test func theStrictEngineKeepsAProvidersErrorToItself() {
    var bench = RouterBench(.v0_13)
    let provider = bench.connect()
    let owner = bench.connect()
    bench.send(provider, Self.type)
    bench.send(owner, Self.bind("t"))
    bench.send(
      provider,
      #"{"type":"triggerregistrationresult","id":"t","trigger_type":"webhook","function_id":"f","error":{"code":"E","message":"m"}}"#
    )
    #expect(bench.output.take(owner).isEmpty)
    #expect(bench.router.triggers.trigger("t") != nil)
  }

  @Test func ofABuiltInTypeWithoutItsWorkerTheOwnerIsTold() throws {
    var bench = RouterBench(.current)
    let owner = bench.connect("o")
    bench.send(owner, Self.bind("t", "http"))
    #expect(
      bench.output.take(owner).first?["error"] == [
        "code": "trigger_type_not_found",
        "message": #"Trigger type "http" not found — worker iii-http is missing. Run: iii worker add iii-http"#,
      ])
    bench.send(owner, Self.bind("u", "mine"))
    #expect(bench.output.take(owner).isEmpty)
    // A worker that provides the type after all gets the trigger.
    let provider = bench.connect()
    bench.send(provider, #"{"type":"registertriggertype","id":"http","description":"d"}"#)
    #expect(bench.output.take(provider).map { $0["id"] } == ["t"])
  }

  @Test func workersAvailableTellsOfOthersAndItself() throws {
    var bench = RouterBench(.current)
    let watcher = bench.connect("w", functions: "seen")
    bench.send(
      watcher,
      #"{"type":"registertrigger","id":"t","trigger_type":"engine::workers-available","function_id":"seen","config":null,"metadata":{"m":1}}"#
    )
    let other = bench.connect()
    let otherID = bench.workerID(other)
    bench.send(other, #"{"type":"invokefunction","function_id":"engine::workers::register","data":{"name":"o"}}"#)
    bench.disconnect(other)
    let calls = bench.output.take(watcher)
    #expect(
      calls.map { $0["data"] } == [
        ["event": "worker_connected", "worker_id": otherID],
        ["event": "worker_metadata_updated", "worker_id": otherID],
        ["event": "worker_disconnected", "worker_id": otherID],
      ])
    #expect(calls.allSatisfy { $0["metadata"] == ["m": 1] && $0["traceparent"] == nil })
    #expect(bench.router.active(watcher) == 3)
    for call in calls {
      if case .string(let given)? = call["invocation_id"] { bench.answer(watcher, given, #","result":1"#) }
    }
    #expect(bench.router.active(watcher) == 0 && bench.output.sent.isEmpty)
  }

  @Test func functionsAvailableComparesWithThePollBefore() throws {
    var bench = RouterBench()
    let worker = bench.connect("w", functions: "seen")
    bench.send(
      worker,
      #"{"type":"registertrigger","id":"t","trigger_type":"engine::functions-available","function_id":"seen","config":null}"#
    )
    bench.advance(by: .seconds(5))
    let first = try #require(bench.output.take(worker).first?["data"])
    #expect(first["event"] == "functions_changed")
    guard case .array(let rows)? = first["functions"] else {
      Issue.record("no rows")
      return
    }
    #expect(rows.count == bench.router.builtIns.reduce(1) { $0 + $1.functions.count })
    // Registered again, or registered and gone: no change.
    bench.send(worker, #"{"type":"registerfunction","id":"seen","description":"again"}"#)
    bench.send(worker, #"{"type":"registerfunction","id":"brief"}"#)
    bench.send(worker, #"{"type":"unregisterfunction","id":"brief"}"#)
    bench.advance(by: .seconds(5))
    #expect(bench.output.sent.isEmpty)
    bench.send(worker, #"{"type":"registerfunction","id":"more"}"#)
    bench.advance(by: .seconds(5))
    bench.advance(by: .seconds(5))
    #expect(bench.output.take(worker).count == 1)
  }

  @Test(arguments: [
    (#"{"type":"registertrigger","id":"t","trigger_type":"webhook","function_id":"f"}"#, "missing field `config`"),
    (
      #"{"type":"registertrigger","id":5,"trigger_type":"webhook","function_id":"f","config":1}"#,
      "field `id` is not a string"
    ),
    (#"{"type":"registertrigger","trigger_type":"webhook","function_id":"f","config":1}"#, "missing field `id`"),
    (#"{"type":"registertriggertype","id":"x"}"#, "missing field `description`"),
    (#"{"type":"unregistertrigger"}"#, "missing field `id`"),
    (#"{"type":"unregistertrigger","id":"x","trigger_type":5}"#, "field `trigger_type` is not a string"),
    (
      #"{"type":"triggerregistrationresult","id":"t","trigger_type":"w","function_id":"f","error":{"message":"m"}}"#,
      "field `error`: missing field `code`"
    ),
  ]) func malformedFramesAreIgnored(frame: String, problem: String) {
    var bench = RouterBench(.current)
    let worker = bench.connect()
    bench.send(worker, frame)
    #expect(bench.output.sent.isEmpty && bench.output.diagnostics.map(\.problem) == [problem])
  }

  @Test func discoveryShowsTypesAndTriggers() throws {
    var bench = RouterBench()
    let provider = bench.connect("p", functions: "f")
    bench.send(
      provider,
      #"{"type":"registertriggertype","id":"webhook","description":"Hooks","trigger_request_format":{"type":"object"},"call_request_format":null}"#
    )
    let long = String(repeating: "é", count: 100)
    bench.send(provider, Self.bind("t1", "webhook", #","config":{"b":"\#(long)","a":1},"metadata":5"#))
    _ = bench.output.take(provider)
    func ask(_ function: String, _ data: String) throws -> JSONValue {
      bench.call(provider, 1, function, data)
      return try #require(bench.output.take(provider).first)
    }
    #expect(
      try ask("engine::triggers::list", #"{"search":"hook"}"#)["result"] == [
        "triggers": [["id": "webhook", "description": "Hooks", "worker_name": "p"]]
      ])
    #expect(
      try ask("engine::triggers::info", #"{"id":"webhook"}"#)["result"] == [
        "id": "webhook", "description": "Hooks", "worker_name": "p", "configuration_schema": ["type": "object"],
        "instance_count": 1,
      ])
    let row = try #require(try ask("engine::registered-triggers::list", "{}")["result"]?["registered_triggers"]?[0])
    guard case .string(let summary)? = row["config_summary"] else {
      Issue.record("no summary")
      return
    }
    #expect(summary.unicodeScalars.count == 81 && summary.hasPrefix(#"{"a":1,"b":"ééé"#) && summary.hasSuffix("…"))
    let info = try #require(try ask("engine::registered-triggers::info", #"{"id":"t1"}"#)["result"])
    #expect(info["metadata"] == 5 && info["trigger"]?["instance_count"] == 1)
    #expect(info["function"]?["registered_triggers"]?[0]?["id"] == "t1")
    #expect(
      try ask("engine::registered-triggers::info", #"{"id":"x"}"#)["error"]
        == ["code": "NOT_FOUND", "message": "Registered trigger 'x' was not found."])
    #expect(
      try ask("engine::triggers::info", #"{"id":"x"}"#)["error"]
        == ["code": "NOT_FOUND", "message": "Trigger type 'x' is not registered."])
    let worker = try #require(try ask("engine::workers::info", #"{"name":"p"}"#)["result"])
    #expect(worker["trigger_types"]?[0]?["id"] == "webhook" && worker["registered_triggers"]?[0]?["id"] == "t1")
  }
}

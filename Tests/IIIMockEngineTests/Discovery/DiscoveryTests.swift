import III
import Testing

@testable import IIIMockEngine

@Suite struct DiscoveryTests {
  /// Calls a built-in function and returns its answer.
  func ask(_ bench: inout RouterBench, _ peer: PeerID, _ function: String, _ data: String) throws -> JSONValue {
    bench.call(peer, 1, function, data)
    return try #require(bench.output.take(peer).first)
  }

  @Test func functionsAreListedByID() throws {
    var bench = RouterBench()
    let worker = bench.connect("calc", functions: "b::x", "a::y", "plain")
    bench.send(worker, #"{"type":"registerfunction","id":"b::x","description":"Hello"}"#)
    let unnamed = bench.connect(functions: "z::z", "solo")
    _ = unnamed
    func rows(_ filter: String) throws -> [JSONValue] {
      guard case .array(let rows)? = try ask(&bench, worker, "engine::functions::list", filter)["result"]?["functions"]
      else { return [] }
      return rows
    }
    #expect(
      try rows("{}") == [
        ["function_id": "a::y", "worker_name": "calc"],
        ["function_id": "b::x", "worker_name": "calc", "description": "Hello"],
        ["function_id": "plain", "worker_name": "calc"], ["function_id": "solo", "worker_name": "solo"],
        ["function_id": "z::z", "worker_name": "z"],
      ])
    #expect(try rows(#"{"worker":"calc"}"#).count == 3)
    #expect(try rows(#"{"search":"hELLo"}"#).map { $0["function_id"] } == ["b::x"])
    #expect(try rows(#"{"prefix":"a::"}"#).map { $0["function_id"] } == ["a::y"])
    #expect(
      try rows(#"{"include_internal":true,"prefix":"engine::"}"#).count
        == bench.router.builtIns.reduce(0) { $0 + $1.functions.count })
    #expect(try rows(#"{"search":"","worker":null,"extra":5}"#).count == 5)
  }

  @Test(arguments: [
    ("engine::functions::list", "null", "invalid type: null, expected struct FunctionsListInput"),
    ("engine::functions::list", "[]", "invalid type: sequence, expected struct FunctionsListInput"),
    ("engine::functions::list", #"{"search":5}"#, "invalid type: integer `5`, expected a string"),
    ("engine::functions::list", #"{"include_internal":"x"}"#, #"invalid type: string "x", expected a boolean"#),
    ("engine::functions::info", "{}", "missing field `function_id`"),
    ("engine::functions::info", #"{"function_id":null}"#, "invalid type: null, expected a string"),
    ("engine::workers::info", #"{"name":true}"#, "invalid type: boolean `true`, expected a string"),
    ("engine::workers::register", #"{"pid":-1}"#, "invalid value: integer `-1`, expected u32"),
    ("engine::workers::register", #"{"pid":1.0}"#, "invalid type: floating point `1.0`, expected u32"),
    (
      "engine::workers::register", #"{"telemetry":"x"}"#,
      #"invalid type: string "x", expected struct WorkerConnectionTelemetryMeta"#
    ),
  ]) func badInputIsToldInTheDecodersWords(function: String, data: String, reason: String) throws {
    var bench = RouterBench()
    let worker = bench.connect()
    let answer = try ask(&bench, worker, function, data)
    #expect(
      answer["error"] == [
        "code": "deserialization_error", "message": .string("Failed to deserialize input for \(function): \(reason)"),
      ])
    #expect(bench.router.workers[worker]?.metadata == ReportedMetadata())
  }

  @Test func metadataIsMergedAsTheRealEngineDoes() throws {
    var bench = RouterBench()
    let worker = bench.connect()
    func register(_ data: String) throws -> ReportedMetadata? {
      #expect(try ask(&bench, worker, "engine::workers::register", data)["result"] == ["success": true])
      return bench.router.workers[worker]?.metadata
    }
    #expect(try register(#"{"runtime":"swift","version":"1","name":"n","os":"o","pid":7}"#)?.pid == 7)
    let second = try register("{}")
    #expect(second?.name == "n" && second?.os == "o" && second?.pid == 7)
    #expect(second?.runtime == "unknown" && second?.version == nil)
    #expect(try register(#"{"name":""}"#)?.name == "")
  }

  @Test func workersAreListedOnceTheyReportAProcess() throws {
    var bench = RouterBench()
    let quiet = bench.connect()
    let worker = bench.connect("w", functions: "f")
    func names(_ filter: String) throws -> [JSONValue?] {
      guard case .array(let rows)? = try ask(&bench, quiet, "engine::workers::list", filter)["result"]?["workers"]
      else { return [] }
      return rows.map { $0["name"] }
    }
    #expect(
      try names("{}") == [
        "iii-engine-functions", "iii-observability", "iii-telemetry", "iii-worker-manager", "w",
      ])
    #expect(try names(#"{"status":"connected"}"#) == ["w"])
    #expect(try names(#"{"runtime":"engine","search":"TELE"}"#) == ["iii-telemetry"])
    bench.call(worker, 1, "engine::workers::info", #"{"name":"w"}"#)
    let info = try #require(bench.output.take(worker).first?["result"])
    #expect(info["worker"]?["active_invocations"] == 1 && info["worker"]?["pid"] == 1)
    #expect(info["worker"]?["function_count"] == 1 && info["functions"]?[0]?["function_id"] == "f")
    bench.call(worker, 1, "engine::workers::info", #"{"name":"nobody"}"#)
    #expect(
      bench.output.take(worker).first?["error"]
        == ["code": "NOT_FOUND", "message": "Worker 'nobody' is not connected."])
  }

  @Test func aFunctionIsInspected() throws {
    var bench = RouterBench()
    let worker = bench.connect("w")
    bench.send(
      worker,
      #"{"type":"registerfunction","id":"f","metadata":{"m":[1]},"request_format":{"type":"object"},"response_format":null}"#
    )
    let answer = try ask(&bench, worker, "engine::functions::info", #"{"function_id":"f"}"#)
    #expect(
      answer["result"] == [
        "function_id": "f", "worker_name": "w", "metadata": ["m": [1]], "request_schema": ["type": "object"],
        "registered_triggers": [],
      ])
    let missing = try ask(&bench, worker, "engine::functions::info", #"{"function_id":""}"#)
    #expect(missing["error"] == ["code": "NOT_FOUND", "message": "Function '' is not registered."])
  }
}

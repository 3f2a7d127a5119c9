import III
import Testing

@testable import IIIMockEngine

@Suite struct RouterObservabilityTests {
  private static func bench(_ change: (inout ObservabilitySettings) -> Void = { _ in }) -> RouterBench {
    var settings = ObservabilitySettings(isEnabled: true)
    change(&settings)
    return RouterBench(observability: settings)
  }

  private func ask(
    _ bench: inout RouterBench, _ peer: PeerID, _ function: String, _ data: String = "{}", _ more: String = ""
  ) throws -> JSONValue {
    bench.call(peer, 1, function, data, more)
    return try #require(bench.output.take(peer).last)
  }

  private func bodies(_ bench: RouterBench) -> [String] {
    (try? bench.builtIn(ObservabilityWorker.self))?.observability.logs?.all.map(\.body) ?? []
  }

  // MARK: Logs

  @Test(arguments: [("trace", 1), ("debug", 5), ("info", 9), ("warn", 13), ("error", 17)] as [(String, Int32)])
  func aCallIsARecord(level: String, number: Int32) throws {
    var bench = Self.bench()
    let peer = bench.connect()
    let answer = try ask(
      &bench, peer, "engine::log::\(level)", #"{"message":"m","data":{"a":[1]},"trace_id":"t","extra":1}"#)
    #expect(
      answer == [
        "type": "invocationresult", "invocation_id": .string(id(1)), "function_id": .string("engine::log::\(level)"),
      ])
    let record = EngineLogRecord(
      body: "m", severityText: level.uppercased(), severityNumber: number, attributes: ["a": [1]],
      serviceName: "unknown", resource: [:], traceID: "t", spanID: nil, timestamp: bench.output.wallClock,
      observedTimestamp: bench.output.wallClock, scopeName: "iii", scopeVersion: "0.13.0")
    #expect(try bench.builtIn(ObservabilityWorker.self).observability.logs?.all == [record])
    #expect(bench.output.events.last == .logged(record))
  }

  @Test(
    "Escape sequences for terminals are taken out of log texts, but not by a strict engine", arguments: [true, false])
  func escapeSequences(isStrict: Bool) throws {
    var bench = RouterBench(isStrict ? .v0_13 : .current, observability: ObservabilitySettings(isEnabled: true))
    let peer = bench.connect()
    let text = #"\u001b[1;31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b(B."#
    bench.call(peer, 1, "engine::log::info", #"{"message":"\#(text)"}"#)
    telemetry(
      &bench, peer, #"LOGS{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"\#(text)"}}]}]}]}"#)
    let expected = isStrict ? "\u{1b}[1;31mred\u{1b}[0m \u{1b}]8;;http://x\u{07}link\u{1b}(B." : "red link."
    #expect(bodies(bench) == [expected, expected])
  }

  @Test("Spans are sorted by the later keys too, but not by a strict engine", arguments: [true, false])
  func laterSortKeys(isStrict: Bool) throws {
    var bench = RouterBench(isStrict ? .v0_13 : .current, observability: ObservabilitySettings(isEnabled: true))
    let peer = bench.connect()
    func span(_ name: String, _ service: String, from start: Int, to end: Int) -> String {
      #"{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"\#(service)"}}]},"scopeSpans":[{"spans":[{"name":"\#(name)","traceId":"\#(name)","spanId":"s","startTimeUnixNano":"\#(start)","endTimeUnixNano":"\#(end)"}]}]}"#
    }
    let spans = [span("a", "z", from: 1, to: 9), span("b", "y", from: 2, to: 3)].joined(separator: ",")
    telemetry(&bench, peer, #"OTLP{"resourceSpans":[\#(spans)]}"#)
    for key in ["duration_ms", "service_name"] {
      let result = try ask(&bench, peer, "engine::traces::list", #"{"sort_by":"\#(key)"}"#)["result"]
      #expect(result?["spans"]?[0]?["name"] == (isStrict ? "a" : "b"))
    }
  }

  @Test func listsAreNewestFirstAndRepeatTheQuery() throws {
    var bench = Self.bench()
    let peer = bench.connect()
    for body in ["a", "b"] { _ = try ask(&bench, peer, "engine::log::info", #"{"message":"\#(body)"}"#) }
    let result = try #require(try ask(&bench, peer, "engine::logs::list", #"{"limit":1}"#)["result"])
    #expect(result["logs"]?[0]?["body"] == "b" && result["logs"]?[1] == nil)
    #expect(result["total"] == 2 && result["timestamp"] == 1_767_225_600_000)
    #expect(
      result["query"] == [
        "end_time": nil, "limit": 1, "offset": nil, "severity_min": nil, "severity_text": nil, "span_id": nil,
        "start_time": nil, "trace_id": nil,
      ])
    #expect(try ask(&bench, peer, "engine::logs::clear")["result"] == ["success": true])
    #expect(bodies(bench).isEmpty)
  }

  @Test func whereNoLogsAreKept() throws {
    var bench = Self.bench { $0.logsEnabled = false }
    let peer = bench.connect()
    #expect(try ask(&bench, peer, "engine::log::info", #"{"message":"m"}"#)["error"] == nil)
    let list = try ask(&bench, peer, "engine::logs::list")["result"]
    #expect(list == ["logs": [], "timestamp": 1_767_225_600_000, "total": 0])
    #expect(
      try ask(&bench, peer, "engine::logs::clear")["result"]
        == ["message": "No log storage initialized", "success": true])
    #expect(!bench.output.events.contains { if case .logged = $0 { true } else { false } })
  }

  @Test func theLotAndTheConsole() throws {
    var never = Self.bench { $0.logsSamplingRatio = 0 }
    let peer = never.connect()
    _ = try ask(&never, peer, "engine::log::error", #"{"message":"m"}"#)
    #expect(bodies(never).isEmpty)
    var silent = Self.bench { $0.logsConsoleOutput = false }
    let other = silent.connect()
    _ = try ask(&silent, other, "engine::log::error", #"{"message":"m"}"#)
    #expect(bodies(silent) == ["m"])
    #expect(!silent.output.events.contains { if case .logged = $0 { true } else { false } })
  }

  @Test(arguments: [
    ("engine::log::info", "null", "invalid type: null, expected struct OtelLogInput"),
    ("engine::log::info", "{}", "missing field `message`"),
    ("engine::log::info", #"{"trace_id":5}"#, "invalid type: integer `5`, expected a string"),
    ("engine::logs::list", "null", "invalid type: null, expected struct LogsListInput"),
    ("engine::logs::list", #"{"limit":-1}"#, "invalid value: integer `-1`, expected usize"),
    ("engine::logs::list", #"{"offset":1.5}"#, "invalid type: floating point `1.5`, expected usize"),
    ("engine::logs::list", #"{"severity_min":"x"}"#, #"invalid type: string "x", expected i32"#),
    ("engine::logs::list", #"{"severity_min":3000000000}"#, "invalid value: integer `3000000000`, expected i32"),
    ("engine::logs::list", #"{"start_time":-1}"#, "invalid value: integer `-1`, expected u64"),
    ("engine::traces::list", #"{"min_duration_ms":"1"}"#, #"invalid type: string "1", expected f64"#),
    ("engine::traces::list", #"{"attributes":{}}"#, "invalid type: map, expected a sequence"),
    ("engine::traces::list", #"{"attributes":[["a"]]}"#, "invalid length 1, expected a tuple of size 2"),
    ("engine::traces::tree", "{}", "missing field `trace_id`"),
    ("engine::traces::group_by", "{}", "missing field `attribute`"),
    ("engine::baggage::get_all", "null", "invalid type: null, expected struct BaggageGetAllInput"),
    ("engine::baggage::set", #"{"value":5}"#, "invalid type: integer `5`, expected a string"),
    ("engine::baggage::set", #"{"value":"v"}"#, "missing field `key`"),
  ]) func badInputIsToldInTheDecodersWords(function: String, data: String, reason: String) throws {
    var bench = Self.bench()
    let peer = bench.connect()
    #expect(
      try ask(&bench, peer, function, data)["error"] == [
        "code": "deserialization_error", "message": .string("Failed to deserialize input for \(function): \(reason)"),
      ])
  }

  // MARK: Triggers

  private static func bind(_ id: String, _ config: String) -> String {
    #"{"type":"registertrigger","id":"\#(id)","trigger_type":"log","function_id":"\#(id)","config":\#(config)}"#
  }

  @Test func triggersFireOnTheirLevelAlone() throws {
    var bench = Self.bench()
    let worker = bench.connect()
    let caller = bench.connect()
    for (id, config) in [
      ("warn", #"{"level":"warn"}"#), ("all", #"{"level":"all"}"#), ("none", "{}"), ("null", "null"),
      ("number", #"{"level":5}"#), ("upper", #"{"level":"WARN"}"#), ("word", #"{"level":"warning"}"#),
    ] {
      bench.send(worker, #"{"type":"registerfunction","id":"\#(id)"}"#)
      bench.send(worker, Self.bind(id, config))
    }
    func fired(_ level: String) throws -> [JSONValue?] {
      _ = try ask(&bench, caller, "engine::log::\(level)", #"{"message":"m"}"#)
      return bench.output.take(worker).map { $0["function_id"] }
    }
    #expect(try fired("warn") == ["warn", "all", "none", "null", "number"])
    #expect(try fired("error") == ["all", "none", "null", "number"])
    bench.send(worker, #"{"type":"unregistertrigger","id":"all"}"#)
    #expect(try fired("info") == ["none", "null", "number"])
  }

  @Test func aTriggerGetsTheWholeRecordOnce() throws {
    var bench = Self.bench()
    let worker = bench.connect("w", functions: "seen")
    bench.send(worker, Self.bind("seen", #"{"level":"custom"}"#))
    telemetry(
      &bench, worker,
      #"LOGS{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"Custom","body":{"stringValue":"b"}}]}]}]}"#)
    let calls = bench.output.take(worker)
    #expect(calls.count == 1)
    #expect(
      calls.first?["data"] == [
        "attributes": [:], "body": "b", "instrumentation_scope_name": nil, "instrumentation_scope_version": nil,
        "observed_timestamp_unix_nano": 0, "resource": [:], "service_name": "unknown", "severity_number": 0,
        "severity_text": "Custom", "span_id": nil, "timestamp_unix_nano": 0, "trace_id": nil,
      ])
    let listed = try ask(&bench, worker, "engine::logs::list")["result"]?["logs"]?[0]
    #expect(listed?["instrumentation_scope_name"] == nil && listed?["trace_id"] == .null)
  }

  @Test func withoutObservabilityThereIsNoSuchType() throws {
    var bench = RouterBench()
    let worker = bench.connect("w", functions: "seen")
    bench.send(worker, Self.bind("seen", "{}"))
    #expect(
      bench.output.events.contains {
        if case .triggerRejected(_, "log", "trigger_type_not_found", let text, _) = $0 {
          text
            == #"Trigger type "log" not found — worker iii-observability is missing. Run: iii worker add iii-observability"#
        } else {
          false
        }
      })
    _ = try ask(&bench, worker, "engine::log::info", #"{"message":"m"}"#)
    #expect(bench.output.take(worker).isEmpty)
    #expect(bodies(bench) == ["m"])
    let types = try ask(&bench, worker, "engine::triggers::list", #"{"include_internal":true}"#)
    #expect(types["result"]?["triggers"]?[2] == nil)
  }

  @Test func theTypeIsListedAndHasSchemas() throws {
    var bench = Self.bench()
    let worker = bench.connect()
    let info = try ask(&bench, worker, "engine::triggers::info", #"{"id":"log"}"#)["result"]
    #expect(info?["description"] == "Log event trigger" && info?["worker_name"] == "log")
    #expect(info?["configuration_schema"]?["properties"]?["level"] != nil)
    guard case .array(let required)? = info?["request_schema"]?["required"] else {
      Issue.record("no schema")
      return
    }
    #expect(required.count == 12)
  }

  // MARK: Telemetry

  private func telemetry(_ bench: inout RouterBench, _ peer: PeerID, _ message: String) {
    telemetry(&bench, peer, Array(message.utf8))
  }

  private func telemetry(_ bench: inout RouterBench, _ peer: PeerID, _ message: [UInt8]) {
    let isTelemetry = bench.send(peer, binary: message)
    #expect(isTelemetry)
  }

  @Test(arguments: [
    ("LOGS", "not JSON: no value at byte 0"), ("LOGSsecret", "not JSON: unexpected character at byte 0"),
    ("LOGS[\"secret\"]", "the message is not an object"),
    (#"LOGS{"resourceLogs":"secret"}"#, "`resourceLogs` of the message is not an array"),
    ("MTRC{", "not JSON: the text ends inside a value at byte 1"),
    (
      #"OTLP{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"secret","attributes":null}]}]}]}"#,
      "`attributes` of a span is null, expected an array"
    ),
  ]) func badMessagesAreToldWithoutWhatStandsInThem(message: String, problem: String) throws {
    var bench = Self.bench()
    let worker = bench.connect("w")
    telemetry(&bench, worker, message)
    #expect(bench.output.diagnostics.map(\.problem) == [problem])
    #expect(bench.output.diagnostics.first?.worker.name == "w")
    #expect(bench.output.diagnostics.allSatisfy { !$0.description.contains("secret") })
    let observability = try bench.builtIn(ObservabilityWorker.self)
    Array(message.utf8).withView { observability.receivedOnTelemetryConnection($0) }
    #expect(bench.output.diagnostics.last?.worker == WorkerLabel(id: "/otel", name: "a telemetry connection"))
    #expect(observability.observability.logs?.count == 0 && observability.observability.spans?.count == 0)
  }

  @Test func whatIsNoUTF8IsNotKept() {
    var bench = Self.bench()
    let worker = bench.connect()
    let bytes = Array(#"LOGS{"resourceLogs":[{"x":""#.utf8) + [0xFF, 0xFE] + Array(#""}]}"#.utf8)
    telemetry(&bench, worker, bytes)
    #expect(bench.output.diagnostics.map(\.problem) == ["not JSON: invalid UTF-8 at byte 23"])
  }

  @Test func whatIsTooLargeIsNotRead() {
    var bench = Self.bench()
    let worker = bench.connect()
    let bytes = Array("LOGS".utf8) + [UInt8](repeating: 0x20, count: Observability.maxMessageBytes + 1)
    telemetry(&bench, worker, bytes)
    #expect(
      bench.output.diagnostics.map(\.problem) == ["16777217 bytes are more than the 16777216 that are read at once"])
  }

  @Test func aMessageOfManyRecordsLeavesTheNewest() throws {
    var bench = Self.bench { $0.logsMaxCount = 100 }
    let worker = bench.connect()
    let records = (0..<5_000).map { #"{"body":{"intValue":\#($0)}}"# }.joined(separator: ",")
    telemetry(&bench, worker, #"LOGS{"resourceLogs":[{"scopeLogs":[{"logRecords":[\#(records)]}]}]}"#)
    #expect(bodies(bench) == (4_900..<5_000).map { "\($0)" })
  }

  @Test func otherBinaryMessagesAreNone() {
    var bench = Self.bench()
    let worker = bench.connect()
    for text in ["", "OTL", "otlp{}", #"{"type":"ping"}"#] {
      let isTaken = bench.send(worker, binary: Array(text.utf8))
      #expect(!isTaken)
    }
    #expect(bench.output.diagnostics.isEmpty)
  }

  @Test func withoutObservabilityTelemetryIsDroppedWithoutAWord() throws {
    var bench = RouterBench()
    let worker = bench.connect()
    telemetry(&bench, worker, "LOGS nonsense")
    telemetry(
      &bench, worker, #"LOGS{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"b"}}]}]}]}"#)
    #expect(bodies(bench).isEmpty && bench.output.diagnostics.isEmpty)
    let failure: JSONValue = [
      "code": "memory_exporter_not_enabled",
      "message": "In-memory span storage is not available. Set exporter: memory or both in config.",
    ]
    for (function, data) in [
      ("list", "{}"), ("tree", #"{"trace_id":"t"}"#), ("group_by", #"{"attribute":"a"}"#), ("clear", "{}"),
    ] { #expect(try ask(&bench, worker, "engine::traces::\(function)", data)["error"] == failure) }
  }

  @Test func spansOfAnotherExporterAreNotKept() throws {
    var bench = Self.bench { $0.exporter = .otlp }
    let worker = bench.connect()
    telemetry(&bench, worker, #"OTLP{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n"}]}]}]}"#)
    #expect(try ask(&bench, worker, "engine::traces::list")["error"]?["code"] == "memory_exporter_not_enabled")
  }

  // MARK: Spans and metrics

  @Test func spansAreListedAndForgotten() throws {
    var bench = Self.bench { $0.memoryMaxSpans = 2 }
    let worker = bench.connect()
    telemetry(
      &bench, worker,
      #"OTLP{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"a"},{"name":"b","traceId":"t"},{"name":"c"}]}]}]}"#)
    let list = try ask(&bench, worker, "engine::traces::list", #"{"limit":1,"offset":1}"#)["result"]
    #expect(list?["total"] == 2 && list?["limit"] == 1 && list?["offset"] == 1)
    #expect(list?["spans"]?[0]?["name"] == "c" && list?["spans"]?[1] == nil)
    #expect(
      try ask(&bench, worker, "engine::traces::tree", #"{"trace_id":"t"}"#)["result"]?["roots"]?[0]?["name"] == "b")
    #expect(try ask(&bench, worker, "engine::traces::clear")["result"] == ["success": true])
    #expect(try ask(&bench, worker, "engine::traces::list")["result"]?["total"] == 0)
  }

  @Test func metricsOfWorkersFade() throws {
    var bench = Self.bench { $0.metricsRetentionSeconds = 60 }
    let worker = bench.connect()
    for (name, seconds) in [("old", 1_767_225_530), ("new", 1_767_225_590)] {
      telemetry(
        &bench, worker,
        #"MTRC{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"\#(name)","gauge":{"dataPoints":[{"timeUnixNano":"\#(seconds)000000000","asInt":1}]}}]}]}]}"#
      )
    }
    func names(_ query: String) throws -> [JSONValue?] {
      guard
        case .array(let metrics)? = try ask(&bench, worker, "engine::metrics::list", query)["result"]?["sdk_metrics"]
      else { return [] }
      return metrics.map { $0["name"] }
    }
    #expect(try names("{}") == ["new"])
    #expect(try names(#"{"metric_name":"old"}"#) == [])
    #expect(try names(#"{"metric_name":"new","start_time":1767225590000,"end_time":1767225590000}"#) == ["new"])
    #expect(try names(#"{"start_time":1767225590001}"#) == [])
    bench.output.wallClock += UInt64(seconds: 60)
    #expect(try names("{}") == [])
  }

  @Test func metricsAreSummedUpWhereAsked() throws {
    var bench = Self.bench()
    let worker = bench.connect()
    let minute = bench.output.wallClock
    func point(_ seconds: UInt64, _ value: String) -> String {
      #"{"timeUnixNano":"\#(minute - UInt64(seconds: seconds))",\#(value)}"#
    }
    let gauge = [point(0, #""asDouble":1.5"#), point(50, #""asInt":3"#), point(61, #""asInt":9"#)]
    telemetry(
      &bench, worker,
      #"MTRC{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[\#(gauge.joined(separator: ","))]}},{"name":"h","histogram":{"dataPoints":[\#(point(0, #""count":4,"sum":8,"max":5"#)),{"count":0}]}}]}]}]}"#
    )
    let result = try ask(&bench, worker, "engine::metrics::list", #"{"aggregate_interval":60}"#)["result"]
    func start(_ minutes: UInt64) -> JSONValue { .number(minute - UInt64(seconds: 60 * minutes)) }
    let sums: JSONValue = [
      ["avg": 9.0, "count": 1, "max": 9.0, "min": 9.0, "name": "g", "start_time_unix_nano": start(2), "sum": 9.0],
      ["avg": 3.0, "count": 1, "max": 3.0, "min": 3.0, "name": "g", "start_time_unix_nano": start(1), "sum": 3.0],
      ["avg": 1.5, "count": 1, "max": 1.5, "min": 1.5, "name": "g", "start_time_unix_nano": start(0), "sum": 1.5],
      ["avg": 2.0, "count": 4, "max": 5.0, "min": 2.0, "name": "h", "start_time_unix_nano": start(0), "sum": 8.0],
    ]
    #expect(result?["aggregated_metrics"] == sums)
    #expect(
      result?["query"] == ["aggregate_interval": 60, "end_time": nil, "metric_name": nil, "start_time": nil])
    let whole = try ask(&bench, worker, "engine::metrics::list", #"{"aggregate_interval":86400}"#)["result"]
    #expect(whole?["aggregated_metrics"]?[0]?["count"] == 2 && whole?["aggregated_metrics"]?[1]?["count"] == 1)
    #expect(try ask(&bench, worker, "engine::metrics::list")["result"]?["query"] == nil)
  }

  @Test func callsAreCountedWhereTheyEnd() throws {
    var bench = Self.bench()
    let worker = bench.connect("w", functions: "f", "g")
    let caller = bench.connect()
    for milliseconds: UInt64 in [1, 3] {
      bench.call(caller, 7, "f")
      bench.output.now += UInt64(milliseconds: milliseconds)
      bench.answer(worker, id(7), "")
    }
    bench.call(caller, 7, "g")
    bench.output.now += UInt64(milliseconds: 2)
    bench.answer(worker, id(7), #","error":{"code":"E","message":"m"}"#)
    bench.call(caller, 8, "nothing")
    bench.call(caller, 9, "f")
    bench.disconnect(worker)
    _ = bench.output.take(caller)
    let metrics = try ask(&bench, caller, "engine::metrics::list")["result"]?["engine_metrics"]
    #expect(
      metrics?["invocations"] == [
        "by_function": ["engine::workers::register": 1], "deferred": 0, "error": 3, "success": 3, "total": 6,
      ])
    #expect(metrics?["workers"] == ["active": 1, "deaths": 1, "spawns": 2])
    let performance = metrics?["performance"]
    #expect(performance?["max_duration_ms"] == 3.0 && performance?["min_duration_ms"] == 0.0)
    #expect(performance?["p50_duration_ms"] == 1.0 && performance?["p99_duration_ms"] == 3.0)
    #expect(performance?["avg_duration_ms"] == 1.2)
  }

  @Test func callsOfTheEngineItselfAreTimedToo() throws {
    var bench = Self.bench()
    let worker = bench.connect("w", functions: "f")
    bench.send(
      worker,
      #"{"type":"registertrigger","id":"t","trigger_type":"engine::workers-available","function_id":"f","config":{}}"#)
    bench.output.now += UInt64(seconds: 3600)
    let caller = bench.connect()
    let call = try #require(bench.output.take(worker).first?["invocation_id"]).decoded(as: String.self)
    bench.output.now += UInt64(milliseconds: 4)
    bench.answer(worker, call, "")
    let metrics = try ask(&bench, caller, "engine::metrics::list")["result"]?["engine_metrics"]
    #expect(metrics?["performance"]?["max_duration_ms"] == 4.0)
  }

  @Test func anEngineWithoutCallsHasFigures() {
    #expect(
      InvocationCounters().json(activeWorkers: 0, byFunction: [:])["performance"] == [
        "avg_duration_ms": 0.0, "max_duration_ms": 0.0, "min_duration_ms": 0.0, "p50_duration_ms": 0.0,
        "p95_duration_ms": 0.0, "p99_duration_ms": 0.0,
      ])
  }

  // MARK: Health and baggage

  @Test func health() throws {
    var bench = Self.bench { $0.serviceName = "mine" }
    let worker = bench.connect()
    _ = try ask(&bench, worker, "engine::log::info", #"{"message":"m"}"#)
    #expect(
      try ask(&bench, worker, "engine::health::check")["result"] == [
        "components": [
          "logs": ["details": ["stored_logs": 1], "status": "healthy"],
          "metrics": ["details": ["stored_metrics": 0], "status": "healthy"],
          "otel": [
            "details": ["enabled": true, "exporter": "memory", "service_name": "mine"], "status": "healthy",
          ],
          "spans": ["details": ["stored_spans": 0], "status": "healthy"],
        ], "status": "healthy", "timestamp": 1_767_225_600_000, "version": "0.13.0",
      ])
    var off = RouterBench()
    let other = off.connect()
    let components = try ask(&off, other, "engine::health::check")["result"]?["components"]
    #expect(components?["otel"] == ["details": nil, "status": "disabled"])
    #expect(components?["spans"] == ["details": nil, "status": "disabled"])
    #expect(components?["logs"]?["status"] == "healthy" && components?["metrics"]?["status"] == "healthy")
  }

  @Test func baggageIsTheCallers() throws {
    var bench = Self.bench()
    let worker = bench.connect()
    let baggage = #","baggage":"a=1,b=x%20y""#
    #expect(try ask(&bench, worker, "engine::baggage::get", #"{"key":"b"}"#, baggage)["result"] == ["value": "x y"])
    #expect(try ask(&bench, worker, "engine::baggage::get", #"{"key":"c"}"#, baggage)["result"] == ["value": nil])
    #expect(
      try ask(&bench, worker, "engine::baggage::get_all", "{}", baggage)["result"] == [
        "baggage": ["a": "1", "b": "x y"]
      ]
    )
    #expect(try ask(&bench, worker, "engine::baggage::get_all")["result"] == ["baggage": [:]])
    #expect(try ask(&bench, worker, "engine::baggage::set", #"{"key":"a","value":"2"}"#)["result"]?["success"] == true)
  }

  @Test func theOthersAnswerAsWithoutRules() throws {
    var bench = Self.bench { $0.samplingRatio = 0.5 }
    let worker = bench.connect()
    let now: JSONValue = 1_767_225_600_000
    #expect(
      try ask(&bench, worker, "engine::rollups::list", #"{"level":7}"#)["result"] == [
        "histogram_rollups": [], "level": 7, "query": ["end_time": nil, "metric_name": nil, "start_time": nil],
        "rollups": [], "timestamp": now,
      ])
    #expect(
      try ask(&bench, worker, "engine::sampling::rules")["result"] == [
        "logs": ["sampling_ratio": 1.0], "timestamp": now,
        "traces": ["default_ratio": 0.5, "parent_based": true, "rules": []],
      ])
    #expect(
      try ask(&bench, worker, "engine::alerts::list")["result"] == [
        "alerts": [], "firing_count": 0, "message": "Alert manager not initialized", "timestamp": now,
      ])
    #expect(
      try ask(&bench, worker, "engine::alerts::evaluate")["result"] == [
        "evaluated": false, "message": "Alert manager not initialized", "timestamp": now,
      ])
  }

  @Test func listingsNameTheOwner() throws {
    var bench = Self.bench()
    let worker = bench.connect()
    let info = try ask(&bench, worker, "engine::workers::info", #"{"name":"iii-observability"}"#)["result"]
    #expect(
      info?["worker"]?["function_count"] == 20 && info?["functions"]?[19]?["function_id"] == "engine::traces::tree")
    let function = try ask(&bench, worker, "engine::functions::info", #"{"function_id":"engine::log::info"}"#)["result"]
    #expect(function?["worker_name"] == "iii-observability")
    #expect(function?["request_schema"]?["required"] == ["message"])
  }
}

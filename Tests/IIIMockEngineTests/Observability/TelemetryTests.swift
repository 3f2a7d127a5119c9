import III
import IIIMockEngine
import Testing

/// What Swift workers report of their spans, logs and gauges, at the engine that receives it.
@Suite("Telemetry of the SDK", .timeLimit(.minutes(5)))
struct TelemetryTests {
  private static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  private func reporter(_ engine: MockEngine, _ name: String) async throws -> III {
    try await registerWorker(engine.url, options: InitOptions(workerName: name, otel: OtelConfig(enabled: true)))
  }

  private func spans(_ engine: MockEngine, _ filter: JSONValue = ["search_all_spans": true]) async throws -> JSONValue {
    try await engine.call("engine::traces::list", filter)
  }

  @Test(
    "a call through three workers is one trace, each span below the caller's; baggage arrives and logs name the spans")
  func chain() async throws {
    try await withMockEngine { engine in
      let (a, b, c) = (
        try await reporter(engine, "a"), try await reporter(engine, "b"), try await reporter(engine, "c")
      )
      try a.registerFunction("a::f") { (_: JSONValue) async throws -> JSONValue in
        try await Observability.withBaggage(["tenant": "t 7"]) {
          try await Observability.withSpan("prepare", kind: .producer) { span in
            span.setAttribute("step", 1)
            return try await a.trigger("b::f", payload: ["n": 1])
          }
        }
      }
      try b.registerFunction("b::f") { (_: JSONValue) throws -> JSONValue in
        try b.blocking.trigger("c::f", payload: ["password": "p"])
      }
      try c.registerFunction("c::f") { (_: JSONValue) async -> JSONValue in
        Logger(serviceName: "ledger").warn("low", ["token": "x", "left": 2])
        return [
          "trace": .init(Observability.currentTraceID), "span": .init(Observability.currentSpanID),
          "baggage": .init(Observability.currentBaggage), "recording": .init(Observability.currentSpanIsRecording),
        ]
      }
      for id in ["a::f", "b::f", "c::f"] { try await engine.waitForFunction(id) }
      let client = try await engine.registerWorker()
      let seen = try await client.trigger("a::f", payload: nil)
      for worker in [a, b, c] { await worker.flushTelemetry() }

      let trace = try #require(seen["trace"])
      #expect(seen["baggage"] == ["tenant": "t 7"] && seen["recording"] == true)
      let roots = try await engine.call("engine::traces::tree", ["trace_id": trace])["roots"]
      #expect(roots?[1] == nil)
      var node = try #require(roots?[0])
      var path: [String] = []
      while true {
        path.append("\(node["service_name"]?.stringText ?? "") \(node["name"]?.stringText ?? "")")
        #expect(node["status"] == "ok" && node["children"]?[1] == nil)
        guard let child = node["children"]?[0] else { break }
        #expect(child["parent_span_id"] == node["span_id"] && child["trace_id"] == trace)
        node = child
      }
      #expect(path == ["a execute a::f", "a prepare", "b execute b::f", "c execute c::f"])
      #expect(node["span_id"] == seen["span"])
      #expect(node["attributes"] == [["tenant", "t 7"]])
      let input = node["events"]?[0]
      #expect(input?["name"] == "iii.invocation.input")
      #expect(
        input?["attributes"] == [
          ["iii.payload.json", #"{"password":"[REDACTED]"}"#], ["iii.payload.truncated", "false"],
        ])
      #expect(node["events"]?[1]?["name"] == "iii.invocation.output")

      let record = try #require(await engine.logs.first)
      #expect(record.body == "low" && record.severityText == "WARN" && record.severityNumber == 13)
      #expect(record.attributes == ["service.name": "ledger", "log.data": ["token": "[REDACTED]", "left": 2]])
      #expect(record.serviceName == "c" && record.resource["telemetry.sdk.language"] == "swift")
      #expect(record.traceID == trace.stringText && record.spanID == seen["span"]?.stringText)
      #expect(await engine.diagnostics.isEmpty)
      for worker in [a, b, c] { await worker.shutdown() }
    }
  }

  @Test("the caller's trace is continued, and the answer names the handler's span")
  func continued() async throws {
    try await withMockEngine { engine in
      let worker = try await reporter(engine, "w")
      try worker.registerFunction("f") { (_: JSONValue) async in Observability.currentTraceparent }
      try await engine.waitForFunction("f")
      let client = try await engine.registerWorker()
      let caller = InvocationContext(functionID: "x", traceparent: Self.traceparent, baggage: "iii.session.id=S1,x=y")
      let own = try await InvocationContext.$current.withValue(caller) { try await client.trigger("f") as String }
      await worker.flushTelemetry()
      let span = try await spans(engine)["spans"]?[0]
      #expect(span?["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736" && span?["parent_span_id"] == "00f067aa0ba902b7")
      #expect(own == "00-4bf92f3577b34da6a3ce929d0e0e4736-\(span?["span_id"]?.stringText ?? "")-01")
      #expect(span?["attributes"] == [["iii.session.id", "S1"], ["x", "y"]])
      await worker.shutdown()
    }
  }

  @Test("a trace context that is not valid begins a new trace; one that is not sampled is carried and not recorded")
  func foreignContexts() async throws {
    try await withMockEngine { engine in
      let worker = try await reporter(engine, "w")
      try worker.registerFunction("f") { (_: JSONValue) async in Observability.currentTraceparent }
      try await engine.waitForFunction("f")
      let client = try await engine.registerWorker()
      func call(_ traceparent: String) async throws -> String? {
        try await InvocationContext.$current.withValue(InvocationContext(functionID: "x", traceparent: traceparent)) {
          try await client.trigger("f")
        }
      }
      let unsampled = Self.traceparent.dropLast() + "0"
      #expect(try await call(String(unsampled)) == String(unsampled))
      let own = try #require(try await call("00-nonsense"))
      #expect(own.count == 55 && !own.contains("nonsense"))
      await worker.flushTelemetry()
      let list = try await spans(engine)
      #expect(list["total"] == 1)
      #expect(list["spans"]?[0]?["parent_span_id"] == .null)
      await worker.shutdown()
    }
  }

  @Test("a handler that fails is a span that fails, with the error as an event")
  func failure() async throws {
    try await withMockEngine { engine in
      let worker = try await reporter(engine, "w")
      try worker.registerFunction("f") { (_: JSONValue) async throws -> JSONValue in
        struct Inner: Error, CustomStringConvertible { var description: String { "inner" } }
        _ = try? await Observability.withSpan("step") { _ in throw Inner() }
        throw IIIInvocationError(code: "DECLINED", message: "no funds", stacktrace: "at the till")
      }
      try await engine.waitForFunction("f")
      await #expect(throws: IIIInvocationError.self) { try await engine.call("f", ["n": 1]) }
      await worker.shutdown()  // which sends what was collected
      let list = try await spans(engine, ["sort_by": "start_time", "sort_order": "asc", "include_internal": true])
      let span = list["spans"]?[0]
      #expect(span?["status"] == "error" && span?["status_description"] == "no funds")
      let events = span?["events"]
      #expect(events?[1]?["attributes"]?[0] == ["iii.payload.json", #"{"error":"no funds"}"#])
      #expect(events?[1]?["attributes"]?[2] == ["iii.payload.ok", "false"])
      #expect(
        events?[2]?["attributes"] == [
          ["exception.type", "DECLINED"], ["exception.message", "no funds"], ["exception.stacktrace", "at the till"],
        ])
      let tree = try await engine.call("engine::traces::tree", ["trace_id": span?["trace_id"] ?? nil])
      let step = tree["roots"]?[0]?["children"]?[0]
      #expect(step?["name"] == "step" && step?["status_description"] == "inner")
    }
  }

  @Test("a shutdown right after a record sends it")
  func shutdown() async throws {
    try await withMockEngine { engine in
      let worker = try await reporter(engine, "w")
      try worker.registerFunction("f") { (_: JSONValue) async in Logger().info("last") }
      try await engine.waitForFunction("f")
      try await engine.call("f", nil)
      await worker.shutdown()
      #expect(await engine.logs.map(\.body) == ["last"])
    }
  }

  @Test("gauges of the process are reported, with the worker's id")
  func gauges() async throws {
    try await withMockEngine { engine in
      let worker = try await reporter(engine, "w")
      try worker.registerFunction("f") { (_: JSONValue) async in 1 }
      try await engine.waitForFunction("f")  // the engine has named the worker before
      try await engine.call("f", nil)
      await worker.flushTelemetry()
      let metrics = try await engine.call("engine::metrics::list", [:])["sdk_metrics"]
      var names: Set<String> = []
      var index = 0
      while let metric = metrics?[index] {
        names.insert(metric["name"]?.stringText ?? "")
        index += 1
      }
      #expect(
        names.isSuperset(of: [
          "iii.worker.cpu.percent", "iii.worker.cpu.user_micros", "iii.worker.cpu.system_micros",
          "iii.worker.memory.rss", "iii.worker.uptime_seconds",
        ]), "\(names)")
      await worker.shutdown()
    }
  }

  @Test("spans and records reach other systems by closures, without an engine that keeps them")
  func closures() async throws {
    try await withMockEngine { engine in
      let (spans, spanFeed) = AsyncStream.makeStream(of: FinishedSpan.self)
      let (records, recordFeed) = AsyncStream.makeStream(of: LogRecord.self)
      let worker = try await engine.registerWorker(
        options: InitOptions(
          workerName: "w", onLog: { recordFeed.yield($0) }, onSpan: { spanFeed.yield($0) }))
      try worker.registerFunction("f") { (_: JSONValue) async in
        Logger(serviceName: "orders").error("no", ["id": 17])
        Observability.setCurrentSpanAttribute("id", 17)
        Observability.recordSpanEvent("checked", attributes: ["ok": false])
        Observability.setCurrentSpanError("declined")
      }
      try await engine.waitForFunction("f")
      try await engine.call("f", nil)
      var spanList = spans.makeAsyncIterator()
      let span = try #require(await spanList.next())
      #expect(span.name == "execute f" && span.kind == .internal && span.status == .error("declined"))
      #expect(span.attributes == ["id": 17])
      #expect(span.events.map(\.name) == ["iii.invocation.input", "checked", "iii.invocation.output"])
      var recordList = records.makeAsyncIterator()
      let record = try #require(await recordList.next())
      #expect(record.level == .error && record.message == "no" && record.data == ["id": 17])
      #expect(record.serviceName == "orders" && record.functionID == "f")
      #expect(record.traceID == span.traceID && record.spanID == span.spanID)
      #expect(await engine.logs.isEmpty)
    }
  }

  @Test("the SDK's own warnings go to the closure for records too")
  func ownLines() async throws {
    let (records, feed) = AsyncStream.makeStream(of: LogRecord.self)
    var options = InitOptions(workerName: "w", onLog: { feed.yield($0) })
    options.connection = .inBackground
    let worker = try await registerWorker("ws://127.0.0.1:1", options: options)
    var list = records.makeAsyncIterator()
    let record = await list.next()
    #expect(record?.serviceName == "iii" && record?.level == .warn)
    await worker.shutdown()
  }

  @Test("with a clock that stands still, what was collected is sent when the time has come")
  func manualClock() async throws {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual()
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker(
        options: InitOptions(workerName: "w", otel: OtelConfig(enabled: true)))
      try worker.registerFunction("f") { (_: JSONValue) async in 1 }
      try await engine.waitForFunction("f")
      try await engine.call("f", nil)
      try await engine.advance(by: .milliseconds(100))
      await worker.flushTelemetry()
      let span = try await spans(engine)["spans"]?[0]
      #expect(span?["name"] == "execute f")
      #expect(span?["start_time_unix_nano"] == span?["end_time_unix_nano"])
    }
  }
}

extension JSONValue {
  fileprivate var stringText: String? { if case .string(let text) = self { text } else { nil } }
}

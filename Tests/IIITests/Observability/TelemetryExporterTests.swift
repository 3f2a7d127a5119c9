import Testing
import UV

@testable import III

@Suite("Telemetry: the connection that reports", .timeLimit(.minutes(5)))
struct TelemetryExporterTests {
  @Test("it goes to /otel behind the engine's path, with the worker's query and headers")
  func request() async throws {
    let engine = try await ScriptedEngine.start()
    var options = InitOptions(workerName: "test", headers: ["X-A": "b"], otel: OtelConfig(enabled: true))
    options.otel.headers = ["X-B": "c"]
    options.log = { _, _ in }
    let worker = try await registerWorker(
      await engine.url + "/base/?t=1", options: options, environment: .test(["III_TOKEN": "secret"]), host: nil)
    var targets: [String: HTTPRequestHead] = [:]
    for _ in 0..<2 {
      let request = try #require(await engine.accept().request)
      targets[request.target] = request
    }
    let head = try #require(targets["/base/otel?t=1"])
    #expect(targets["/base/?t=1"] != nil)
    #expect(head.headers["x-a"] == "b" && head.headers["x-b"] == "c")
    #expect(head.headers["authorization"] == "Bearer secret")
    #expect(targets["/base/?t=1"]?.headers["x-b"] == nil)
    await worker.shutdown()
    await engine.stopListening()
  }

  @Test("an engine without telemetry is reported once, by name and without the query; the worker is not affected")
  func refused() async throws {
    let lines = Lines()
    let engine = try await ScriptedEngine.start()
    let other = try await ScriptedEngine.start(answering: [.status(404), .status(404), .status(404), .status(404)])
    let otherURL = await other.url
    let worker = try await connect(engine) {
      $0.otel.enabled = true
      $0.otel.engineURL = "\(otherURL)/?key=secret"
      $0.otel.reconnection = ReconnectionConfig(initialDelay: .milliseconds(1), jitterFactor: 0)
      $0.log = { lines.add("\($0.rawValue) \($1)") }
    }
    let peer = try await engine.accept()
    _ = try await peer.receive()
    try await other.dial(4)
    await worker.flushTelemetry()  // nothing can be sent, so it does not wait
    let told = lines.all.filter { $0.contains("telemetry cannot be sent") }
    #expect(told.count == 1)
    #expect(told.first?.hasPrefix("WARN telemetry cannot be sent to ws://127.0.0.1") == true)
    #expect(told.allSatisfy { !$0.contains("secret") })
    async let call: Int = worker.trigger("f", payload: 1)
    await peer.answer(try await peer.receiveJSON(), #","result":2"#)
    #expect(try await call == 2)
    await peer.drop()
    await worker.shutdown()
    await engine.stopListening()
    await other.stopListening()
  }

  @Test("a worker that reports nothing opens no connection for it, and its calls carry what they did")
  func off() async throws {
    try await withWorker { worker, peer, engine in
      #expect(worker.telemetry == nil)
      await worker.flushTelemetry()
      try await worker.trigger("f", payload: 1, action: .void())
      let call = try await peer.receiveJSON()
      #expect(call["traceparent"] == nil && call["baggage"] == nil)
    }
  }

  @Test("a variable turns telemetry off")
  func offByVariable() async throws {
    let engine = try await ScriptedEngine.start()
    let worker = try await connect(engine, ["OTEL_ENABLED": "0"])
    let peer = try await engine.accept()
    _ = try await peer.receive()
    try await peer.fence()
    #expect(worker.telemetry == nil)
    #expect(await engine.dialled == 1)
    await peer.drop()
    await worker.shutdown()
    await engine.stopListening()
  }

  @Test("the span of an invocation is below the caller's, and calls of the handler and its answer carry it on")
  func invocationSpan() async throws {
    func change(_ options: inout InitOptions) {
      options.otel.enabled = true
      options.enableMetricsReporting = false
    }
    try await withManualHost(change) { worker, engine, host, time in
      var peers: [String: ScriptedPeer] = [:]
      for _ in 0..<2 {
        let peer = try await engine.accept()
        peers[await peer.request?.target ?? ""] = peer
      }
      let (peer, exporter) = (try #require(peers["/"]), try #require(peers["/otel"]))
      _ = try await peer.receive()
      try worker.registerFunction("f") { (_: JSONValue) async throws in
        try await worker.trigger("g", payload: 1, action: .void())
      }
      _ = try await peer.receive("registerfunction")
      let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"f","data":{"password":"p"},"traceparent":"00-\#(trace)-00f067aa0ba902b7-01","baggage":"iii.session.id=S1,x=y"}"#
      )
      let call = try await peer.receive("invokefunction")
      let answer = try await peer.receive("invocationresult")
      await host.fence()
      await time.advance(by: .milliseconds(300))
      _ = try await exporter.receive()
      let message = String(decoding: await exporter.lastBinary, as: UTF8.self)
      #expect(message.hasPrefix("OTLP"))
      let spans = try JSONValue(parsing: message.dropFirst(4))["resourceSpans"]?[0]?["scopeSpans"]?[0]?["spans"]
      let span = spans?[0]
      #expect(spans?[1] == nil && span?["name"] == "execute f" && span?["kind"] == 1)
      #expect(span?["traceId"] == .string(trace) && span?["parentSpanId"] == "00f067aa0ba902b7")
      #expect(
        span?["attributes"] == [
          ["key": "iii.session.id", "value": ["stringValue": "S1"]], ["key": "x", "value": ["stringValue": "y"]],
        ])
      #expect(
        span?["events"]?[0]?["attributes"]?[0]
          == ["key": "iii.payload.json", "value": ["stringValue": #"{"password":"[REDACTED]"}"#]])
      let own: JSONValue = .string("00-\(trace)-\(span?["spanId"]?.stringValue ?? "")-01")
      #expect(answer["traceparent"] == own)
      #expect(call["traceparent"] == own && call["baggage"] == "iii.session.id=S1,x=y")
      try await peer.fence()
      #expect(await exporter.takeUnread() == [])
    }
  }

  @Test("an engine that never answers does not hold a shutdown longer than the time limit")
  func silentEngine() async throws {
    let engine = try await ScriptedEngine.start()
    let silent = try await ScriptedEngine.start(answering: [.silence])
    let silentURL = await silent.url
    let worker = try await connect(engine) {
      $0.otel.enabled = true
      $0.otel.engineURL = silentURL
      $0.otel.shutdownTimeout = .milliseconds(20)
    }
    let peer = try await engine.accept()
    _ = try await peer.receive()
    try await silent.dial(1)
    await worker.shutdown()
    await peer.drop()
    await engine.stopListening()
    await silent.stopListening()
  }
}

@Suite("Spans that have ended")
struct RecordedSpanTests {
  private func telemetry(_ onSpan: @escaping @Sendable (FinishedSpan) -> Void) throws -> Telemetry {
    let options = InitOptions(onSpan: onSpan)
    let settings = TelemetrySettings(options, .test(), workerName: "w", instanceID: "i")
    let host = try SharedLoop.host()
    struct NoExport: Error {}
    return try #require(try Telemetry(options, settings, on: host, { throw NoExport() }, newID: { .random() }))
  }

  @Test("a span that ends twice is reported once, and what is set after its end is not")
  func twice() throws {
    let spans = Lock<[FinishedSpan]>([])
    let telemetry = try telemetry { span in spans.withLock { $0.append(span) } }
    let span = RecordedSpan("s", .client, in: nil, baggage: ["user": "u"], telemetry)
    span.setAttribute("a", 1)
    #expect(span.isRecording)
    span.end()
    span.setAttribute("late", 1)
    span.setError("late")
    span.addEvent("late")
    span.end()
    #expect(!span.isRecording)
    let all = spans.withLock { $0 }
    #expect(all.count == 1)
    #expect(all.first?.attributes == ["user": "u", "a": 1] && all.first?.status == .ok)
    #expect(all.first?.events == [] && all.first?.parentSpanID == nil)
  }

  @Test("secrets in attributes and events are replaced; too many of them are counted")
  func attributes() throws {
    let spans = Lock<[FinishedSpan]>([])
    let telemetry = try telemetry { span in spans.withLock { $0.append(span) } }
    let span = RecordedSpan("s", .internal, in: nil, baggage: ["session_token": "x"], telemetry)
    span.setAttribute("password", "p")
    span.setAttribute("user", ["api_key": "k", "name": "n"])
    span.addEvent("e", attributes: ["client_secret": "c", "ok": 1])
    for number in 0..<200 {
      span.setAttribute("n\(number)", .init(number))
      span.addEvent("more")
    }
    span.setAttribute("user", "replaced")
    span.end()
    let finished = try #require(spans.withLock { $0.first })
    #expect(finished.attributes["password"] == "[REDACTED]" && finished.attributes["session_token"] == "[REDACTED]")
    #expect(finished.attributes["user"] == "replaced")
    #expect(finished.events.first?.attributes == ["client_secret": "[REDACTED]", "ok": 1])
    #expect(finished.attributes.count == 128 && finished.droppedAttributes == 75)
    #expect(finished.events.count == 128 && finished.droppedEvents == 73)
  }
}

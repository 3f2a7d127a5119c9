import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// Logs, spans and telemetry over real sockets.
@Suite struct ObservabilitySocketTests {
  private static let logs =
    #"LOGS{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"orders"}}]},"scopeLogs":[{"logRecords":[{"body":{"stringValue":"from afar"},"severityNumber":13,"severityText":"WARN"}]}]}]}"#

  @Test func whatIsLoggedIsListed() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let nothing: JSONValue = try await worker.trigger(
        "engine::log::info", payload: ["message": "x", "data": ["a": 1]] as JSONValue)
      #expect(nothing == .null)
      let list: JSONValue = try await worker.trigger("engine::logs::list", payload: ["limit": 1] as JSONValue)
      let record = list["logs"]?[0]
      #expect(record?["body"] == "x" && record?["attributes"] == ["a": 1])
      #expect(record?["severity_text"] == "INFO" && record?["severity_number"] == 9)
      let kept = await engine.logs
      #expect(kept.map(\.body) == ["x"] && kept.first?.attributes == ["a": 1])
      // A time stamp of now, not of the loop's start.
      #expect((kept.first?.timestamp ?? 0) > 1_700_000_000_000_000_000)
      let error = await #expect(throws: IIIInvocationError.self) {
        let _: JSONValue = try await worker.trigger("engine::log::info", payload: [:] as JSONValue)
      }
      #expect(error?.code == "deserialization_error")
    }
  }

  @Test func aTriggerOfOneLevelHearsThatLevel() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let (records, feed) = AsyncStream.makeStream(of: JSONObject.self)
      try worker.registerFunction("seen") { (record: JSONObject) async in feed.yield(record) }
      try worker.registerTrigger(LogTriggerConfig(level: .warn), functionID: "seen")
      for (level, message) in [("error", "no"), ("warn", "yes"), ("info", "no"), ("warn", "again")] {
        let _: JSONValue = try await worker.trigger(
          "engine::log::\(level)", payload: ["message": .string(message)] as JSONValue)
      }
      var heard = records.makeAsyncIterator()
      let first = await heard.next()
      #expect(first?["body"] == "yes" && first?.count == 12)
      #expect(await heard.next()?["body"] == "again")
    }
  }

  @Test(arguments: ["/", "/otel", "/otel?service=x"]) func telemetryIsKept(path: String) async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.open(engine.url, path: path)
      await peer.send(binary: Array(Self.logs.utf8))
      await peer.send(
        binary: Array(
          #"OTLP{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"n","traceId":"t","spanId":"s"}]}]}]}"#.utf8))
      try await peer.fence()
      #expect(await engine.logs.map(\.serviceName) == ["orders"])
      let worker = try await engine.registerWorker()
      let list: JSONValue = try await worker.trigger("engine::logs::list", payload: [:] as JSONValue)
      #expect(list["logs"]?[0]?["body"] == "from afar" && list["total"] == 1)
      let traces: JSONValue = try await worker.trigger("engine::traces::list", payload: [:] as JSONValue)
      #expect(traces["spans"]?[0]?["name"] == "n" && traces["total"] == 1)
    }
  }

  @Test func badTelemetryIsADiagnosticAndTheConnectionStays() async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.open(engine.url, path: "/otel")
      for message in ["LOGS", "LOGS secret", "other", "", #"LOGS{"resourceLogs":5}"#] {
        await peer.send(binary: Array(message.utf8))
      }
      await peer.send("text is not looked at")
      await peer.send(binary: Array(Self.logs.utf8))
      try await peer.fence()
      #expect(await peer.takeUnread().isEmpty)
      #expect(await engine.logs.count == 1)
      let diagnostics = await engine.diagnostics
      #expect(diagnostics.map(\.kind) == ["LOGS", "LOGS", "frame", "frame", "LOGS"])
      #expect(diagnostics.allSatisfy { !$0.description.contains("secret") })
      #expect(
        diagnostics.last?.description
          == "a telemetry connection (/otel) sent `LOGS` that was ignored: `resourceLogs` of the message is not an array"
      )
    }
  }

  @Test func withoutObservabilityNoSpansAreThere() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns = []
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let error = await #expect(throws: IIIInvocationError.self) {
        let _: JSONValue = try await worker.trigger("engine::traces::list", payload: [:] as JSONValue)
      }
      #expect(error?.code == "memory_exporter_not_enabled")
      #expect(
        error?.message == "In-memory span storage is not available. Set exporter: memory or both in config.")
      try worker.registerTrigger(LogTriggerConfig(), functionID: "seen")
      let types: JSONValue = try await worker.trigger("engine::triggers::list", payload: [:] as JSONValue)
      #expect(types["triggers"] == [])
    }
  }

  @Test func eventsShowWhatIsLogged() async throws {
    let (events, feed) = AsyncStream.makeStream(of: EngineLogRecord.self)
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { event in if case .logged(let record) = event { feed.yield(record) } }
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let _: JSONValue = try await worker.trigger(
        "engine::log::warn", payload: ["message": "m", "service_name": "s"] as JSONValue)
      var iterator = events.makeAsyncIterator()
      let record = await iterator.next()
      #expect(record?.body == "m" && record?.severityText == "WARN" && record?.serviceName == "s")
    }
  }
}

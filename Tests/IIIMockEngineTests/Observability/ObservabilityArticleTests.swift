import III
import IIIMockEngine
import Testing

/// The parts of swift-log that the article uses.
private enum Logging {
  struct Logger: Sendable {
    enum Level { case debug, info, warning, error }
    typealias Metadata = [String: String]
    let lines: AsyncStream<String>.Continuation

    func log(level: Level, _ message: String, metadata: Metadata, source: String?) {
      lines.yield("\(level) \(source ?? "-") \(message) \(metadata["data"] ?? "-") \(metadata["trace_id"]?.count ?? 0)")
    }
  }
}

/// Compiles and runs the code of the article "Observability".
@Suite(.timeLimit(.minutes(5))) struct ObservabilityArticleTests {
  @Test("every Swift block of the article is in this file, line by line")
  func blocksAreHere() throws {
    try Article.expectBlocks(of: "Traces and logs", count: 6, in: #filePath)
  }

  @Test("the code of the article does what it says")
  func runs() async throws {
    try await withMockEngine { engine in
      var options = InitOptions(workerName: "orders")
      options.otel.enabled = true
      let orders = try await registerWorker(engine.url, options: options)

      try orders.registerFunction("orders::price") { (order: JSONValue) async throws -> JSONValue in
        let logger = Logger(serviceName: "pricing")
        logger.info("pricing", ["item": order["item"] ?? nil])
        return try await Observability.withSpan("ask the catalog", kind: .client) { span in
          span.setAttribute("item", order["item"] ?? nil)
          return try await orders.trigger("catalog::price", payload: order)
        }
      }
      let (baggage, feed) = AsyncStream.makeStream(of: [String: String].self)
      try orders.registerFunction("catalog::price") { (_: JSONValue) async -> JSONValue in
        feed.yield(Observability.currentBaggage)
        return 3
      }
      try await engine.waitForFunction("catalog::price")

      let price = try await Observability.withBaggage(["tenant": "acme"]) {
        try await orders.trigger("orders::price", payload: ["item": "pear"])
      }
      #expect(price == 3)
      for await entries in baggage {
        #expect(entries == ["tenant": "acme"])
        break
      }

      let shown = Observability.redact(["user": "ada", "password": "p"])
      #expect(shown == ["user": "ada", "password": "[REDACTED]"])

      await orders.flushTelemetry()
      let record = await engine.logs.first
      let traces = try await engine.call("engine::traces::tree", ["trace_id": .init(record?.traceID)])
      let root = traces["roots"]?[0]
      #expect(record?.body == "pricing" && record?.spanID.map { .string($0) } == root?["span_id"])
      #expect(root?["name"] == "execute orders::price")
      #expect(root?["children"]?[0]?["name"] == "ask the catalog")
      #expect(root?["children"]?[0]?["children"]?[0]?["name"] == "execute catalog::price")
      await orders.shutdown()
    }
  }

  @Test("records reach swift-log")
  func forwarded() async throws {
    func forward(to logging: Logging.Logger) -> @Sendable (LogRecord) -> Void {
      { record in
        var metadata: Logging.Logger.Metadata = [:]
        metadata["data"] = record.data.map { "\($0)" }
        metadata["trace_id"] = record.traceID.map { "\($0)" }
        metadata["span_id"] = record.spanID.map { "\($0)" }
        let levels: [LogLevel: Logging.Logger.Level] = [.debug: .debug, .info: .info, .warn: .warning, .error: .error]
        let level = levels[record.level] ?? .info
        logging.log(level: level, "\(record.message)", metadata: metadata, source: record.serviceName)
      }
    }
    try await withMockEngine { engine in
      let (lines, feed) = AsyncStream.makeStream(of: String.self)
      let worker = try await engine.registerWorker(
        options: InitOptions(onLog: forward(to: Logging.Logger(lines: feed)), onSpan: { _ in }))
      try worker.registerFunction("f") { (_: JSONValue) async in Logger(serviceName: "s").warn("m", ["a": 1]) }
      try await engine.waitForFunction("f")
      try await engine.call("f")
      var iterator = lines.makeAsyncIterator()
      #expect(await iterator.next() == #"warning s m {"a":1} 32"#)
    }
  }
}

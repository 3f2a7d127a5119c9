import Testing

@testable import III

@Suite("Telemetry: settings, and what waits to be sent")
struct TelemetryBufferTests {
  private func settings(
    _ variables: [String: String] = [:], _ change: (inout InitOptions) -> Void = { _ in }
  ) -> TelemetrySettings {
    var options = InitOptions(workerName: "w")
    change(&options)
    return TelemetrySettings(options, .test(variables), workerName: "w", instanceID: "i")
  }

  @Test("options go before the environment, and the environment before the defaults")
  func sources() {
    #expect(!settings().exports)
    #expect(settings(["OTEL_ENABLED": "1"]).exports)
    #expect(!settings(["OTEL_ENABLED": "off"]).exports)
    #expect(!settings(["OTEL_ENABLED": "true"]) { $0.otel.enabled = false }.exports)
    #expect(settings().spansFlushInterval == .milliseconds(100))
    #expect(settings(["OTEL_SPANS_FLUSH_INTERVAL_MS": "7"]).spansFlushInterval == .milliseconds(7))
    #expect(settings(["OTEL_LOGS_FLUSH_INTERVAL_MS": "zero"]).logsFlushInterval == .milliseconds(100))
    #expect(settings(["OTEL_LOGS_BATCH_SIZE": "20"]).logsBatchSize == 20)
    #expect(settings(["OTEL_LOGS_BATCH_SIZE": "-1"]).logsBatchSize == 1)
    #expect(settings().tracesPayloads && settings().payloadLimit == 1 << 20)
    #expect(!settings(["III_DISABLE_TRACE_PAYLOADS": "true"]).tracesPayloads)
    #expect(settings(["III_TRACE_PAYLOAD_MAX_BYTES": "64"]).payloadLimit == 64)
    #expect(settings().exportsMetrics)
    #expect(!settings(["OTEL_METRICS_ENABLED": "0"]).exportsMetrics)
    #expect(!settings { $0.enableMetricsReporting = false }.exportsMetrics)
  }

  @Test("the resource names the service")
  func resource() {
    #expect(settings().resource["service.name"] == "w")
    #expect(settings { $0.workerName = nil }.resource["service.name"] == "iii-swift")
    let all = settings([
      "OTEL_SERVICE_NAME": "orders", "SERVICE_VERSION": "2", "SERVICE_NAMESPACE": "shop", "SERVICE_INSTANCE_ID": "x",
    ]).resource
    #expect(all["service.name"] == "orders" && all["service.version"] == "2")
    #expect(all["service.namespace"] == "shop" && all["service.instance.id"] == "x")
    #expect(settings(["OTEL_SERVICE_NAME": "orders"]) { $0.otel.serviceName = "own" }.resource["service.name"] == "own")
    #expect(settings().resource["service.version"] == "unknown" && settings().resource["service.instance.id"] == "i")
  }

  @Test("the exporter is told once, and again for a whole batch of logs")
  func telling() {
    let buffer = TelemetryBuffer(settings(["OTEL_LOGS_BATCH_SIZE": "2"]))
    #expect(buffer.add([1], .spans))
    #expect(!buffer.add([1], .spans))
    #expect(!buffer.add([1], .logs))
    #expect(buffer.add([1], .logs))
    #expect(buffer.waiting == (2, 2))
    #expect(buffer.add([1], .spans))
  }

  @Test("the exporter is told of a whole batch of spans, long before any is dropped")
  func batch() {
    let buffer = TelemetryBuffer(settings())
    let told = (1...TelemetryBuffer.batchSize + 1).filter { _ in buffer.add([1], .spans) }
    #expect(told == [1, TelemetryBuffer.batchSize])
    #expect(TelemetryBuffer.batchSize * 2 <= TelemetryBuffer.maxRecords)
  }

  @Test("when too many wait, the oldest are dropped and counted")
  func bounds() throws {
    let buffer = TelemetryBuffer(settings())
    for number in 0..<1005 { _ = buffer.add([UInt8(number % 251)], .spans) }
    #expect(buffer.dropped == 5)
    #expect(buffer.waiting == (1000, 0))
    let first = try #require(buffer.next())
    #expect(first.kind == .spans && first.records.count == 1000 && first.records[0] == [5])
    #expect(buffer.next().map { $0.records } == nil)
    let large = [UInt8](repeating: 1, count: 7 << 20)
    for _ in 0..<3 { _ = buffer.add(large, .logs) }
    #expect(buffer.dropped == 6 && buffer.waiting == (0, 2))
    _ = buffer.add([UInt8](repeating: 1, count: 9 << 20), .spans)
    #expect(buffer.dropped == 7 && buffer.waiting == (0, 2))
  }

  @Test("records are sent in messages of about a mebibyte, a large one alone")
  func messages() {
    let buffer = TelemetryBuffer(settings())
    for size in [400 << 10, 400 << 10, 400 << 10, 3 << 20, 1] {
      _ = buffer.add([UInt8](repeating: 0, count: size), .spans)
    }
    var counts: [Int] = []
    while let message = buffer.next() { counts.append(message.records.count) }
    #expect(counts == [2, 1, 1, 1])
  }

  @Test("after its end nothing is accepted, and what waited is counted")
  func close() {
    let buffer = TelemetryBuffer(settings())
    _ = buffer.add([1], .spans)
    _ = buffer.add([1], .logs)
    buffer.close()
    #expect(!buffer.add([1], .spans))
    #expect(buffer.dropped == 3)
    #expect(buffer.next().map { $0.records } == nil)
  }
}

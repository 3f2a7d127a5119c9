internal import III

/// What the engine keeps of its workers' logs, spans and metrics: a plain value.
struct Observability {
  let settings: ObservabilitySettings
  /// `nil` if logs are not kept.
  private(set) var logs: LogStore?
  /// `nil` if spans are not kept.
  private(set) var spans: RecentItems<SpanRecord>?
  private(set) var metrics: RecentItems<MetricRecord>

  /// Larger messages are not read: their tree takes many times their size.
  static let maxMessageBytes = 16 << 20

  init(_ settings: ObservabilitySettings) {
    self.settings = settings
    if settings.keepsLogs {
      logs = LogStore(maxCount: settings.logsMaxCount, retentionSeconds: settings.logsRetentionSeconds)
    }
    if settings.keepsSpans { spans = RecentItems(maxCount: settings.memoryMaxSpans) }
    metrics = RecentItems(maxCount: settings.metricsMaxCount)
  }

  // MARK: Logs

  /// Keeps a record of about `bytes` bytes, unless logs are off or sampling drops it. Returns whether it is kept.
  mutating func log(_ record: EngineLogRecord, bytes: Int, now: UInt64) -> Bool {
    guard logs != nil, isSampled(settings.logsSamplingRatio) else { return false }
    logs?.append(record, bytes: bytes, now: now)
    return true
  }

  private func isSampled(_ ratio: Double) -> Bool { ratio >= 1 || Double.random(in: 0..<1) < ratio }

  /// Returns whether there is anything to clear.
  mutating func clearLogs() -> Bool {
    logs?.removeAll()
    return logs != nil
  }

  /// - Parameter now: By the engine's time source.
  mutating func logs(_ query: LogQuery, now: UInt64) -> (records: [EngineLogRecord], total: Int)? {
    logs?.dropExpired(now: now)
    return logs?.matches(query)
  }

  mutating func clearSpans() { spans?.removeAll() }

  // MARK: Telemetry

  /// Reads a message and keeps its spans or metrics. Log records are returned: the caller passes them to `log`.
  ///
  /// - Parameter wallClock: Nanoseconds since 1970.
  mutating func receive(
    _ kind: TelemetryKind, _ payload: ByteView, wallClock: UInt64
  ) throws(OTLPProblem) -> [EngineLogRecord] {
    switch kind {
    case .logs where logs != nil: return try OTLPReader.logs(in: Observability.parse(payload))
    case .traces where spans != nil:
      let spans = try OTLPReader.spans(in: Observability.parse(payload))
      for span in spans { self.spans?.append(span, bytes: Observability.size(payload, spans.count)) }
    case .metrics where settings.keepsMetrics:
      let metrics = try OTLPReader.metrics(in: Observability.parse(payload), now: wallClock)
      for metric in metrics { self.metrics.append(metric, bytes: Observability.size(payload, metrics.count)) }
    case .logs, .traces, .metrics: break
    }
    return []
  }

  /// The approximate size of one of a message's items.
  static func size(_ payload: ByteView, _ count: Int) -> Int { payload.count / max(count, 1) + 64 }

  private static func parse(_ payload: ByteView) throws(OTLPProblem) -> JSONValue {
    guard payload.count <= maxMessageBytes else {
      throw OTLPProblem(text: "\(payload.count) bytes are more than the \(maxMessageBytes) that are read at once")
    }
    do {
      return try PayloadCoder.decode(JSONValue.self, from: payload)
    } catch DecodingError.dataCorrupted(let context) {
      throw OTLPProblem(text: "not JSON: \(context.debugDescription)")
    } catch {
      throw OTLPProblem(text: "not JSON")
    }
  }

  // MARK: Metrics

  /// The metrics that workers reported within the retention time.
  ///
  /// - Parameter wallClock: Nanoseconds since 1970.
  func metrics(_ query: MetricQuery, wallClock: UInt64) -> [MetricRecord] {
    let retention = UInt64(seconds: settings.metricsRetentionSeconds)
    return metrics.all.filter { wallClock <= $0.time.addingClamping(retention) && query.matches($0) }
  }
}

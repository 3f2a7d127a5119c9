internal import III

/// What the engine keeps of its workers' logs, spans and metrics, and of its own calls: a plain value.
struct Observability {
  let settings: ObservabilitySettings
  /// `nil` where no logs are to be kept.
  private(set) var logs: LogStore?
  /// `nil` where no spans are to be kept.
  private(set) var spans: RecentItems<SpanRecord>?
  private(set) var metrics: RecentItems<MetricRecord>
  var counters = InvocationCounters()

  /// Larger messages are not read: as a tree they would take many times their size.
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

  /// Keeps a record of about so many bytes, unless logs are off or the lot falls on it. Returns whether it is kept.
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

  /// Reads a message and keeps what it holds, but for log records: it returns those, and the caller hands them to `log`.
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

  /// What one of a message's items takes, about.
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

  /// What workers reported of late.
  ///
  /// - Parameter wallClock: Nanoseconds since 1970.
  func metrics(_ query: MetricQuery, wallClock: UInt64) -> [MetricRecord] {
    let retention = UInt64(seconds: settings.metricsRetentionSeconds)
    return metrics.all.filter { wallClock <= $0.time.addingClamping(retention) && query.matches($0) }
  }
}

internal import III

/// What the engine keeps of its workers' logs, spans and metrics: a plain value.
struct Observability {
  private(set) var settings: ObservabilitySettings
  /// `nil` if logs are not kept.
  private(set) var logs: LogStore?
  /// `nil` if spans are not kept.
  private(set) var spans: RecentItems<SpanRecord>?
  private(set) var metrics: RecentItems<MetricRecord>

  /// Larger messages are not read: their tree takes many times their size.
  static let maxMessageBytes = 16 << 20
  /// Messages of more JSON values are not read either: a batch of 512 spans, the usual maximum of exporters, has about
  /// 30,000 values.
  static let maxMessageValues = 250_000

  init(_ settings: ObservabilitySettings) {
    self.settings = settings
    if settings.keepsLogs {
      logs = LogStore(maxCount: settings.logsMaxCount, retentionSeconds: settings.logsRetentionSeconds)
    }
    if settings.keepsSpans { spans = RecentItems(maxCount: settings.memoryMaxSpans) }
    metrics = RecentItems(maxCount: settings.metricsMaxCount)
  }

  /// Takes other settings; what is kept stays, as far as they let it.
  mutating func apply(_ new: ObservabilitySettings) {
    settings = new
    let fresh = Observability(new)
    if new.keepsLogs, logs != nil {
      logs?.limit(maxCount: new.logsMaxCount, retentionSeconds: new.logsRetentionSeconds)
    } else {
      logs = fresh.logs
    }
    if new.keepsSpans, spans != nil { spans?.limit(to: new.memoryMaxSpans) } else { spans = fresh.spans }
    metrics.limit(to: new.metricsMaxCount)
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

  /// What a message holds.
  enum Telemetry: Sendable {
    case logs([EngineLogRecord])
    case spans([SpanRecord])
    case metrics([MetricRecord])

    var count: Int {
      switch self {
      case .logs(let records): records.count
      case .spans(let spans): spans.count
      case .metrics(let metrics): metrics.count
      }
    }
  }

  /// Whether anything is kept of messages of a type.
  func keeps(_ kind: TelemetryKind) -> Bool {
    switch kind {
    case .logs: logs != nil
    case .traces: spans != nil
    case .metrics: settings.keepsMetrics
    }
  }

  /// Reads a message; any thread may do so.
  ///
  /// - Parameter wallClock: Nanoseconds since 1970.
  static func read(
    _ kind: TelemetryKind, _ payload: ByteView, wallClock: UInt64
  ) throws(OTLPProblem) -> Telemetry {
    let message = try parse(payload)
    return switch kind {
    case .logs: .logs(try OTLPReader.logs(in: message))
    case .traces: .spans(try OTLPReader.spans(in: message))
    case .metrics: .metrics(try OTLPReader.metrics(in: message, now: wallClock))
    }
  }

  mutating func keep(_ span: SpanRecord, bytes: Int) { spans?.append(span, bytes: bytes) }
  mutating func keep(_ metric: MetricRecord, bytes: Int) { metrics.append(metric, bytes: bytes) }

  /// The approximate size of one of a message's items.
  static func size(_ bytes: Int, _ count: Int) -> Int { bytes / max(count, 1) + 64 }

  /// The number of values in a JSON text; any number if it is not valid.
  private static func values(in text: ByteView) -> Int {
    var count = 1
    var isInString = false
    var isOpened = false
    var index = 0
    while index < text.count {
      let byte = text[index]
      if isOpened && byte > UInt8(ascii: " ") {
        isOpened = false
        if byte != UInt8(ascii: "}") && byte != UInt8(ascii: "]") { count += 1 }
      }
      switch byte {
      case UInt8(ascii: "\""): isInString.toggle()
      case UInt8(ascii: "\\") where isInString: index += 1
      case UInt8(ascii: ",") where !isInString: count += 1
      case UInt8(ascii: "{"), UInt8(ascii: "["): isOpened = !isInString
      default: break
      }
      index += 1
    }
    return count
  }

  private static func parse(_ payload: ByteView) throws(OTLPProblem) -> JSONNode {
    guard payload.count <= maxMessageBytes else {
      throw OTLPProblem(text: "\(payload.count) bytes are more than the \(maxMessageBytes) that are read at once")
    }
    // Each value takes two bytes at least, with its comma or bracket, so a small message cannot have too many.
    let values = payload.count / 2 < maxMessageValues ? 0 : values(in: payload)
    guard values <= maxMessageValues else {
      throw OTLPProblem(
        text: "\(values) JSON values are more than the \(maxMessageValues) that are read at once; send smaller batches")
    }
    do {
      return try JSONNode(parsing: payload)
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

internal import UV

/// Writes log records with the trace of the running handler.
///
/// A record goes to the engine of the worker whose handler runs, if that worker reports (``OtelConfig``), and to ``InitOptions/onLog``.
/// Outside of handlers it goes to the oldest worker of the process that reports. If none does, it is a line on the standard error:
/// `[INFO] [orders] paid {"id":17}`. The values of members such as `password` are replaced, as by ``Observability/redact(_:)``.
///
/// ```swift
/// let logger = Logger(serviceName: "orders")
/// logger.info("paid", ["id": 17])
/// ```
///
/// No method waits: records are sent in the background, and dropped if too many wait. Mirrors `Logger` of the Python SDK.
public struct Logger: Sendable {
  private let serviceName: String?
  private let traceID: String?
  private let spanID: String?

  /// Creates a logger.
  ///
  /// - Parameters:
  ///   - serviceName: The part of the program that logs; it is an attribute of each record.
  ///   - traceID: The trace of all records, 32 hexadecimal digits; by default that of the running code.
  ///   - spanID: The span of all records, 16 hexadecimal digits; by default that of the running code.
  public init(serviceName: String? = nil, traceID: String? = nil, spanID: String? = nil) {
    self.serviceName = serviceName
    self.traceID = traceID
    self.spanID = spanID
  }

  /// Logs something that is normal.
  public func info(_ message: String, _ data: JSONValue? = nil) { log(.info, message, data) }

  /// Logs something that may need attention.
  public func warn(_ message: String, _ data: JSONValue? = nil) { log(.warn, message, data) }

  /// Logs a failure.
  public func error(_ message: String, _ data: JSONValue? = nil) { log(.error, message, data) }

  /// Logs a detail for developers.
  public func debug(_ message: String, _ data: JSONValue? = nil) { log(.debug, message, data) }

  private func log(_ level: LogLevel, _ message: String, _ data: JSONValue?) {
    let telemetry = TraceScope.reporting
    let position = TraceScope.position
    let record = LogRecord(
      level: level, message: message, data: data.map { SecretFilter.redact($0) }, serviceName: serviceName,
      traceID: traceID ?? position?.traceIDText, spanID: spanID ?? position?.spanIDText,
      functionID: InvocationContext.current?.functionID, time: telemetry?.now ?? wallClockNanoseconds())
    if telemetry?.report(record) != true { SystemInfo.writeToStandardError(record.line) }
  }
}

/// A record of a ``Logger``, or a line of the SDK itself, for ``InitOptions/onLog``.
public struct LogRecord: Sendable, Hashable {
  /// The severity.
  public var level: LogLevel
  /// The text.
  public var message: String
  /// Structured data beside the text, without secrets.
  public var data: JSONValue?
  /// The part of the program that logs; `iii` for lines of the SDK itself.
  public var serviceName: String?
  /// The trace in which it was logged, 32 hexadecimal digits.
  public var traceID: String?
  /// The span in which it was logged, 16 hexadecimal digits.
  public var spanID: String?
  /// The function whose handler logged it.
  public var functionID: String?
  /// When it was logged, in nanoseconds since 1970.
  public var time: UInt64

  /// As a line of text.
  var line: String {
    let service = serviceName.map { " [\($0)]" } ?? ""
    let data = data.map { " \($0.jsonString())" } ?? ""
    return "[\(level.rawValue)]\(service) \(message)\(data)"
  }
}

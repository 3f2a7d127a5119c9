internal import UV

/// The severity of a log record.
public enum LogLevel: String, Sendable, CaseIterable, Comparable {
  /// A detail for developers.
  case debug = "DEBUG"
  /// Something that is normal.
  case info = "INFO"
  /// Something that may need attention.
  case warn = "WARN"
  /// A failure.
  case error = "ERROR"

  /// The number that OpenTelemetry has for it: 5, 9, 13 or 17.
  public var severityNumber: Int {
    switch self {
    case .debug: 5
    case .info: 9
    case .warn: 13
    case .error: 17
    }
  }

  /// Whether `a` is less severe.
  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.severityNumber < b.severityNumber }
}

/// Writes the client's own log lines: warnings and errors go to the process's standard error.
package enum ClientLog {
  package static func write(_ level: LogLevel, _ message: String) {
    guard level == .warn || level == .error else { return }
    SystemInfo.writeToStandardError("[\(level.rawValue)] [iii] \(message)")
  }

  /// Passes warnings and errors to a user's closure, one after another, outside of the loop. The newest thousand wait.
  static func writer(_ onLog: @escaping @Sendable (LogRecord) -> Void) -> @Sendable (LogLevel, String) -> Void {
    let (records, continuation) = AsyncStream.makeStream(of: LogRecord.self, bufferingPolicy: .bufferingNewest(1000))
    Task { for await record in records { onLog(record) } }
    let feed = Feed(continuation)
    return { level, message in
      guard level == .warn || level == .error else { return }
      feed.continuation.yield(
        LogRecord(level: level, message: message, serviceName: "iii", time: wallClockNanoseconds()))
    }
  }

  /// Ends the task that calls the closure, with the last reference of the worker.
  private final class Feed: Sendable {
    let continuation: AsyncStream<LogRecord>.Continuation

    init(_ continuation: AsyncStream<LogRecord>.Continuation) { self.continuation = continuation }

    deinit { continuation.finish() }
  }
}

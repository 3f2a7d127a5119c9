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
}

/// Passes warnings and errors of the client to a user's closure, one after another, outside of the loop. The newest thousand wait.
final class LogFeed: Sendable {
  private let records: AsyncStream<LogRecord>.Continuation

  init(_ onLog: @escaping @Sendable (LogRecord) -> Void) {
    let (stream, records) = AsyncStream.makeStream(of: LogRecord.self, bufferingPolicy: .bufferingNewest(1000))
    self.records = records
    Task { for await record in stream { onLog(record) } }
  }

  deinit { records.finish() }

  func write(_ level: LogLevel, _ message: String) {
    guard level == .warn || level == .error else { return }
    records.yield(LogRecord(level: level, message: message, serviceName: "iii", time: wallClockNanoseconds()))
  }

  /// Passes on what waits, then ends the task and releases the closure. What comes later is dropped.
  func finish() { records.finish() }
}

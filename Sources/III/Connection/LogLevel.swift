internal import UV

/// The severity of a log line.
package enum LogLevel: String, Sendable {
  case debug = "DEBUG"
  case info = "INFO"
  case warn = "WARN"
  case error = "ERROR"
}

/// Writes the client's own log lines: warnings and errors go to the process's standard error.
package enum ClientLog {
  package static func write(_ level: LogLevel, _ message: String) {
    guard level == .warn || level == .error else { return }
    SystemInfo.writeToStandardError("[\(level.rawValue)] [iii] \(message)")
  }
}

internal import UV

/// How much a line of the log matters.
package enum LogLevel: String, Sendable {
  case debug = "DEBUG"
  case info = "INFO"
  case warn = "WARN"
  case error = "ERROR"
}

/// Where the client's own log lines go: warnings and errors to the process's standard error.
package enum ClientLog {
  package static func write(_ level: LogLevel, _ message: String) {
    guard level == .warn || level == .error else { return }
    SystemInfo.writeToStandardError("[\(level.rawValue)] [iii] \(message)")
  }
}

/// How much a log line matters; `off` is above all.
package enum EngineLogLevel: Int, Sendable, Comparable, CaseIterable {
  case trace, debug, info, warn, error, off

  /// The level of this name, in small or capital letters.
  package init?(name: String) {
    switch name.lowercased() {
    case "trace": self = .trace
    case "debug": self = .debug
    case "info": self = .info
    case "warn", "warning": self = .warn
    case "error": self = .error
    case "off": self = .off
    default: return nil
    }
  }

  /// The level of a severity number of OpenTelemetry; 0 says nothing.
  package init(severity: Int32) {
    switch severity {
    case 1...4: self = .trace
    case 5...8: self = .debug
    case 13...16: self = .warn
    case 17...: self = .error
    default: self = .info
    }
  }

  package static func < (a: EngineLogLevel, b: EngineLogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// The level of a log line; `off` is above all others.
package enum EngineLogLevel: Int, Sendable, Comparable, CaseIterable {
  case trace, debug, info, warn, error, off

  /// The level with this name, in any case.
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

  /// The level of an OpenTelemetry severity number; 0 is unspecified.
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

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

internal import IIIMockEngine

/// Colours of terminal output.
enum Terminal {
  enum Colour: String {
    case dim = "2", bold = "1", red = "31", green = "32", yellow = "33", blue = "34", magenta = "35"
  }

  /// Whether the descriptor is a terminal, and neither `NO_COLOR`, `CLICOLOR=0` nor `TERM=dumb` disables colours.
  static func wantsColour(_ descriptor: Int32, environment: Variables = .process) -> Bool {
    isatty(descriptor) == 1 && allowsColour(environment)
  }

  static func allowsColour(_ environment: Variables) -> Bool {
    (environment["NO_COLOR"] ?? "").isEmpty && environment["CLICOLOR"] != "0" && environment["TERM"] != "dumb"
  }

  static func paint(_ text: String, _ colour: Colour, if isColoured: Bool) -> String {
    isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
  }
}

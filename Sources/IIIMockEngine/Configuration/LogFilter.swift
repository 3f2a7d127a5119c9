/// Which lines of the engine's own log are shown: `level` of the file, in the syntax of the real engine's filter
/// (`debug`; `iii=debug,info`).
package struct LogFilter: Sendable, Hashable {
  /// The least level that is shown.
  package var level: EngineLogLevel
  /// The parts of the text that are not levels.
  package var unknownParts: [String] = []

  /// The target of the engine's own lines.
  package static let target = "iii"

  package init(level: EngineLogLevel = .info) {
    self.level = level
  }

  /// Directives are separated by commas. One for the engine's target takes precedence over one for all targets; of several
  /// the last counts. Those for other targets and for spans (`[…]`) are ignored.
  package init(parsing text: String) {
    var general: EngineLogLevel?
    var own: EngineLogLevel?
    var unknown: [String] = []
    for part in text.split(separator: ",") {
      let directive = part.trimmingSpaces()
      if directive.isEmpty || directive.contains("[") { continue }
      let sides = directive.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let level = EngineLogLevel(name: String(sides[sides.count - 1].trimmingSpaces())) else {
        if sides.count == 2 || directive != Self.target { unknown.append(String(directive)) } else { own = .trace }
        continue
      }
      if sides.count == 1 {
        general = level
      } else if sides[0].trimmingSpaces() == Self.target {
        own = level
      }
    }
    self.level = own ?? general ?? .info
    unknownParts = unknown
  }
}

extension Substring {
  fileprivate func trimmingSpaces() -> Substring {
    var text = drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }
}

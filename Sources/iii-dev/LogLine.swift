internal import IIIMockEngine

/// Something to log: a message, and what belongs to it.
struct LogLine: Sendable, Equatable {
  struct Field: Sendable, Equatable {
    let name: String
    let value: String
  }

  let level: EngineLogLevel
  let message: String
  private(set) var fields: [Field]
  /// Who says it.
  var target = LogFilter.target

  /// Longer texts are cut: a log is no dump of payloads.
  static let maxTextLength = 2000

  init(_ level: EngineLogLevel, _ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
    self.level = level
    self.message = Self.cut(message)
    self.fields = fields.map { Field(name: $0.key, value: Self.cut($0.value)) }
  }

  mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: Self.cut(value))) }

  /// The text, or its beginning with an ellipsis.
  static func cut(_ text: String) -> String {
    guard text.utf8.count > maxTextLength else { return text }
    let scalars = text.unicodeScalars
    let beginning = scalars.prefix(maxTextLength)
    return beginning.endIndex == scalars.endIndex ? text : String(beginning) + "…"
  }
}

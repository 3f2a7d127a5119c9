internal import IIIMockEngine

/// A log record: a message and its fields.
struct LogLine: Sendable, Equatable {
  struct Field: Sendable, Equatable {
    let name: String
    let value: String
  }

  let level: EngineLogLevel
  let message: String
  private(set) var fields: [Field]
  /// The part of the engine that logs.
  var target = LogFilter.target

  /// Longer texts are cut, so that payloads do not fill the log.
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

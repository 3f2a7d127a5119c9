/// JSON as conversations are compared: members in any order, the last of equal keys counts, and `1`, `1.0` and `true` are
/// three things. It has a parser of its own, so that it shares no mistake with the one under test.
package indirect enum JSON: Sendable {
  case null, bool(Bool), string(String), array([JSON]), object([(key: String, value: JSON)])
  /// A number as it is spelled.
  case number(String)

  /// The text is not JSON from this byte on, or nested too deeply.
  package struct Unreadable: Error {
    package let offset: Int
  }

  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  package var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  package var int: Int? {
    guard case .number(let spelling) = self else { return nil }
    return Int(spelling)
  }

  package var array: [JSON]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  package static func parse(_ text: String) throws -> JSON {
    var parser = JSONTextParser(bytes: Array(text.utf8))
    return try parser.document()
  }

  package var text: String {
    switch self {
    case .null: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .number(let spelling): return spelling
    case .string(let text): return JSON.quoted(text)
    case .array(let elements): return "[" + elements.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      return "{" + members.map { JSON.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\0"..."\u{1f}":
        let hex = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  /// Whether two spellings are the same number of the same kind.
  package static func areEqual(_ a: String, _ b: String) -> Bool {
    func isFraction(_ text: String) -> Bool { text.contains { ".eE".contains($0) } }
    guard isFraction(a) == isFraction(b) else { return false }
    if !isFraction(a) { return (a == "-0" ? "0" : a) == (b == "-0" ? "0" : b) }
    guard let x = Double(a), let y = Double(b) else { return false }
    return x == y && x.sign == y.sign
  }
}

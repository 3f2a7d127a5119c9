/// The names that transcripts give to values which differ from run to run, and what they stand for in this run.
///
/// The same name is the same value; two names of one kind are two values.
package struct Placeholders: Sendable {
  private var values: [String: String] = [:]
  private let hosts: [String: String]

  /// `hosts`: the address of each port that the configuration names, without a scheme.
  package init(hosts: [String: String]) { self.hosts = hosts }

  private enum Piece {
    case literal(String)
    case name(kind: String, whole: String)
  }

  private static var pattern: Regex<(Substring, Substring?)> {
    /\$(?:(uuid|secret)\d+|timestamp|traceparent|error_id|number|host_[a-z]+|sec-websocket-key|user-agent)/
  }

  /// `text` cut at its placeholders.
  private static func pieces(_ text: String) -> [Piece] {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return text.isEmpty ? [] : [.literal(text)] }
    var pieces: [Piece] = []
    var rest = Substring(text)
    while let match = rest.firstMatch(of: pattern) {
      if match.range.lowerBound > rest.startIndex {
        pieces.append(.literal(String(rest[..<match.range.lowerBound])))
      }
      let whole = String(match.output.0)
      pieces.append(.name(kind: match.output.1.map(String.init) ?? String(whole.dropFirst()), whole: whole))
      rest = rest[match.range.upperBound...]
    }
    if !rest.isEmpty { pieces.append(.literal(String(rest))) }
    return pieces
  }

  /// `value` as it is to be sent; a name that has no value yet gets one.
  package mutating func filled(_ value: JSON) -> JSON {
    switch value {
    case .null, .bool, .number: return value
    case .string("$number"): return .number("1")
    case .string(let text): return .string(filled(text))
    case .array(let elements): return .array(elements.map { filled($0) })
    case .object(let members): return .object(members.map { (filled($0.key), filled($0.value)) })
    }
  }

  package mutating func filled(_ text: String) -> String {
    Placeholders.pieces(text).map { piece in
      switch piece {
      case .literal(let text): return text
      case .name(let kind, let whole):
        if let known = values[whole] ?? hosts[kind] { return known }
        // One name for many values: nothing to remember.
        if kind == "traceparent" { return "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" }
        let made =
          switch kind {
          case "uuid": Placeholders.randomUUID()
          case "secret": Placeholders.randomUUID().filter { $0 != "-" }
          case "timestamp": "2026-01-01T00:00:00Z"
          case "number", "error_id": "1"
          default: whole
          }
        // Two time stamps, or two numbers, need not be the same.
        if !["timestamp", "number", "error_id"].contains(kind) { values[whole] = made }
        return made
      }
    }.joined()
  }

  private static func randomUUID() -> String {
    let hex = (0..<32).map { index -> String in
      switch index {
      case 12: return "4"
      case 16: return String(Int.random(in: 8...11), radix: 16)
      default: return String(Int.random(in: 0...15), radix: 16)
      }
    }.joined()
    var parts: [Substring] = []
    var rest = Substring(hex)
    for count in [8, 4, 4, 4, 12] {
      parts.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return parts.joined(separator: "-")
  }

  /// Whether `got` is what `wanted` says; if so, names seen for the first time have their values from here on.
  package mutating func match(_ wanted: JSON, _ got: JSON) -> Bool {
    let before = values
    if matches(wanted, got) { return true }
    values = before
    return false
  }

  private mutating func matches(_ wanted: JSON, _ got: JSON) -> Bool {
    switch (wanted, got) {
    case (.null, .null): return true
    case (.bool(let a), .bool(let b)): return a == b
    case (.number(let a), .number(let b)): return JSON.areEqual(a, b)
    case (.string("$number"), .number): return true
    case (.string("$number"), _): return false
    case (.string(let a), .string(let b)): return matches(a, b)
    case (.array(let a), .array(let b)):
      guard a.count == b.count else { return false }
      for (x, y) in zip(a, b) { guard matches(x, y) else { return false } }
      return true
    case (.object(let a), .object(let b)):
      guard a.count == b.count else { return false }
      for (key, value) in a {
        let name = filled(key)
        guard let other = got[name], matches(value, other) else { return false }
      }
      return true
    default: return false
    }
  }

  private mutating func matches(_ wanted: String, _ got: String) -> Bool {
    var rest = Substring(got)
    let pieces = Placeholders.pieces(wanted)
    for piece in pieces {
      switch piece {
      case .literal(let text):
        guard rest.hasPrefix(text) else { return false }
        rest = rest.dropFirst(text.count)
      case .name(let kind, let whole):
        if let known = values[whole] ?? hosts[kind] {
          guard rest.hasPrefix(known) else { return false }
          rest = rest.dropFirst(known.count)
          continue
        }
        guard let value = Placeholders.value(of: kind, at: rest) else { return false }
        if kind == "uuid" || kind == "secret" {
          guard !values.contains(where: { $0.key.hasPrefix("$" + kind) && $0.value == value }) else { return false }
          values[whole] = String(value)
        }
        rest = rest.dropFirst(value.count)
      }
    }
    return rest.isEmpty
  }

  /// What stands at the start of `text` and may be a value of that kind.
  private static func value(of kind: String, at text: Substring) -> Substring? {
    switch kind {
    case "uuid": return text.prefixMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/)?.output
    case "traceparent": return text.prefixMatch(of: /00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/)?.output
    case "timestamp":
      return text.prefixMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/)?.output
    case "error_id": return text.prefixMatch(of: /[0-9a-f]{1,12}/)?.output
    case "number": return text.prefixMatch(of: /\d+/)?.output
    case "secret", "sec-websocket-key", "user-agent": return text.isEmpty ? nil : text
    default: return nil
    }
  }
}

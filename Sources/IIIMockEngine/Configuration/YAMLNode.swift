/// A value of a YAML text, with its position. Aliases are resolved and share their anchor's nodes.
struct YAMLNode: Sendable, Equatable {
  struct Member: Sendable, Equatable {
    let key: String
    let position: SourcePosition
    let value: YAMLNode
  }

  enum Content: Sendable, Equatable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case sequence([YAMLNode])
    /// In the order of the file; no key occurs twice.
    case mapping([Member])
  }

  var content: Content
  var position: SourcePosition
  /// The variable that the value comes from: it may be a secret, so messages do not show the value.
  var variable: String?

  /// The value of a key, if this is a mapping that has it.
  subscript(key: String) -> YAMLNode? { member(key)?.value }

  func member(_ key: String) -> Member? {
    guard case .mapping(let members) = content else { return nil }
    return members.first { $0.key == key }
  }

  var isNull: Bool { content == .null }

  /// The value's type and contents in the words of the real engine's decoder.
  var kindForMessage: String {
    let variable = variable.map { "the value of ${\($0)}" }
    switch content {
    case .null: return "unit value"
    case .bool(let value): return "boolean `\(variable ?? String(value))`"
    case .int(let value): return "integer `\(variable ?? String(value))`"
    case .double(let value): return "floating point `\(variable ?? String(value))`"
    case .string(let value): return variable.map { "string (\($0))" } ?? "string \(Self.quoted(value))"
    case .sequence: return "sequence"
    case .mapping: return "map"
    }
  }

  private static func quoted(_ text: String) -> String {
    let limit = 60
    return (text.count > limit ? text.prefix(limit) + "…" : text[...]).debugDescription
  }
}

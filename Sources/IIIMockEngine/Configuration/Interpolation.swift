/// `${NAME}` and `${NAME:default}` in the text of a configuration, replaced as the real engine replaces them:
/// on the raw text, comments included, once (what was put in is not searched again).
///
/// The pattern is `\$\{([^}:]+)(?::([^}]*))?\}`: a name is anything but `}` and `:`, a default anything but `}`.
/// `${NAME:-x}` has the default `-x`: these are not the shell's rules.
struct Interpolation {
  /// The replacement of one placeholder.
  struct Piece: Equatable {
    /// Its range in `output`.
    let output: Range<Int>
    /// The placeholder's range in `source`.
    let source: Range<Int>
    /// The variable whose value it is; `nil` if it is the default from the file.
    let variable: String?
  }

  /// The text as it was written, and as it is after the replacements.
  let source: [UInt8]
  private(set) var output: [UInt8] = []
  private(set) var pieces: [Piece] = []

  /// The version that replaces `${NAME:__III_ENGINE_VERSION__}`: that of the engine that this one follows.
  static let engineVersion = "0.13.0"

  /// The limit of the text after the replacements.
  static let maxOutputBytes = 16 << 20

  init(_ text: [UInt8], environment: Variables) throws(ConfigurationFault) {
    source = text
    output.reserveCapacity(text.count)
    let lastBrace = text.lastIndex(of: UInt8(ascii: "}")) ?? 0  // nothing can match after it
    var index = 0
    while index < text.count {
      guard text[index] == UInt8(ascii: "$"), index < lastBrace, let placeholder = Placeholder(in: text, at: index)
      else {
        output.append(text[index])
        index += 1
        continue
      }
      try replace(placeholder, environment)
      index = placeholder.range.upperBound
    }
  }

  private mutating func replace(_ placeholder: Placeholder, _ environment: Variables) throws(ConfigurationFault) {
    let start = output.count
    let value = environment[placeholder.name]
    if let value {
      output.append(contentsOf: value.utf8)
    } else if let alternative = placeholder.alternative {
      output.append(
        contentsOf: alternative == "__III_ENGINE_VERSION__" ? Self.engineVersion.utf8 : alternative.utf8)
    } else {
      var position = SourcePosition()
      position.advance(over: 0..<placeholder.range.lowerBound, of: source)
      throw ConfigurationFault(
        "Environment variable '\(placeholder.name)' not set and no default provided", at: position,
        hint: "set it, or write a default: ${\(placeholder.name):value}. Comments are searched for variables too.",
        kind: .unsetVariable)
    }
    guard output.count <= Self.maxOutputBytes else {
      throw ConfigurationFault(
        "the text is longer than \(Self.maxOutputBytes >> 20) MiB once its variables are put in", at: nil,
        hint: "a configuration is a few kilobytes; look at the value of '\(placeholder.name)'")
    }
    pieces.append(
      Piece(output: start..<output.count, source: placeholder.range, variable: value == nil ? nil : placeholder.name))
  }
}

/// One match of the pattern.
private struct Placeholder {
  let range: Range<Int>
  let name: String
  let alternative: String?

  init?(in text: [UInt8], at start: Int) {
    guard start + 1 < text.count, text[start + 1] == UInt8(ascii: "{") else { return nil }
    let nameStart = start + 2
    guard let nameEnd = text[nameStart...].firstIndex(where: { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: ":") }),
      nameEnd > nameStart
    else { return nil }
    name = String(decoding: text[nameStart..<nameEnd], as: UTF8.self)
    guard text[nameEnd] == UInt8(ascii: ":") else {
      alternative = nil
      range = start..<nameEnd + 1
      return
    }
    guard let end = text[(nameEnd + 1)...].firstIndex(of: UInt8(ascii: "}")) else { return nil }
    alternative = String(decoding: text[(nameEnd + 1)..<end], as: UTF8.self)
    range = start..<end + 1
  }
}

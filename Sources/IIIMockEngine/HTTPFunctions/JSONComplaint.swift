/// Says what is wrong with a text that is not JSON, in the words and with the place of the real engine's parser.
struct JSONComplaint {
  private let bytes: [UInt8]
  /// How many bytes were read.
  private var index = 0

  private struct Problem: Error {
    let text: String
    /// The bytes up to the place that is named.
    let place: Int
  }

  /// As `expected value at line 1 column 2`.
  static func text(of bytes: [UInt8]) -> String {
    var parser = JSONComplaint(bytes: bytes)
    do throws(Problem) {
      try parser.document()
      return "the number is out of range"
    } catch {
      let before = bytes[..<error.place]
      let line = before.count { $0 == 0x0A } + 1
      let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
      return "\(error.text) at line \(line) column \(error.place - start)"
    }
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { index < bytes.count ? bytes[index] : nil }

  /// A problem with the byte that was looked at.
  private func peeked(_ text: String) -> Problem { Problem(text: text, place: min(index + 1, bytes.count)) }
  /// A problem with the bytes that were read.
  private func read(_ text: String) -> Problem { Problem(text: text, place: index) }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
  }

  private mutating func document() throws(Problem) {
    try value(depth: 128)
    skipSpace()
    if next != nil { throw peeked("trailing characters") }
  }

  private mutating func value(depth: Int) throws(Problem) {
    skipSpace()
    guard let byte = next else { throw peeked("EOF while parsing a value") }
    switch byte {
    case UInt8(ascii: "n"): try ident("null")
    case UInt8(ascii: "t"): try ident("true")
    case UInt8(ascii: "f"): try ident("false")
    case UInt8(ascii: "-"), 0x30...0x39: try number()
    case UInt8(ascii: "\""):
      index += 1
      try string()
    case UInt8(ascii: "["), UInt8(ascii: "{"):
      guard depth > 1 else { throw peeked("recursion limit exceeded") }
      index += 1
      if byte == UInt8(ascii: "[") { try array(depth: depth - 1) } else { try object(depth: depth - 1) }
    default: throw peeked("expected value")
    }
  }

  private mutating func ident(_ text: String) throws(Problem) {
    for wanted in text.utf8 {
      guard let byte = next else { throw read("EOF while parsing a value") }
      index += 1
      if byte != wanted { throw read("expected ident") }
    }
  }

  private mutating func number() throws(Problem) {
    if next == UInt8(ascii: "-") { index += 1 }
    guard let first = next else { throw read("EOF while parsing a value") }
    index += 1
    switch first {
    case 0x30: if let byte = next, (0x30...0x39).contains(byte) { throw peeked("invalid number") }
    case 0x31...0x39: skipDigits()
    default: throw read("invalid number")
    }
    if next == UInt8(ascii: ".") {
      index += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      index += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { index += 1 }
      try digits()
    }
  }

  private mutating func skipDigits() { while let byte = next, (0x30...0x39).contains(byte) { index += 1 } }

  private mutating func digits() throws(Problem) {
    guard let byte = next else { throw peeked("EOF while parsing a value") }
    guard (0x30...0x39).contains(byte) else { throw peeked("invalid number") }
    skipDigits()
  }

  private mutating func string() throws(Problem) {
    while true {
      guard let byte = next else { throw read("EOF while parsing a string") }
      index += 1
      switch byte {
      case UInt8(ascii: "\""): return
      case UInt8(ascii: "\\"):
        guard let escape = next else { throw read("EOF while parsing a string") }
        index += 1
        switch escape {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
          UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
          break
        case UInt8(ascii: "u"):
          for _ in 0..<4 {
            guard let digit = next else { throw read("EOF while parsing a string") }
            index += 1
            guard digit.isHexadecimalDigit else { throw read("invalid escape") }
          }
        default: throw read("invalid escape")
        }
      case 0..<0x20: throw read("control character (\\u0000-\\u001F) found while parsing a string")
      default: break
      }
    }
  }

  private mutating func array(depth: Int) throws(Problem) {
    skipSpace()
    if next == UInt8(ascii: "]") {
      index += 1
      return
    }
    while true {
      skipSpace()
      if next == nil { throw peeked("EOF while parsing a list") }
      if next == UInt8(ascii: "]") { throw peeked("trailing comma") }
      try value(depth: depth)
      skipSpace()
      guard let byte = next else { throw peeked("EOF while parsing a list") }
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") else { throw peeked("expected `,` or `]`") }
      index += 1
      if byte == UInt8(ascii: "]") { return }
    }
  }

  private mutating func object(depth: Int) throws(Problem) {
    skipSpace()
    if next == UInt8(ascii: "}") {
      index += 1
      return
    }
    while true {
      skipSpace()
      guard let quote = next else { throw peeked("EOF while parsing an object") }
      if quote == UInt8(ascii: "}") { throw peeked("trailing comma") }
      guard quote == UInt8(ascii: "\"") else { throw peeked("key must be a string") }
      index += 1
      try string()
      skipSpace()
      guard let colon = next else { throw peeked("EOF while parsing an object") }
      guard colon == UInt8(ascii: ":") else { throw peeked("expected `:`") }
      index += 1
      try value(depth: depth)
      skipSpace()
      guard let byte = next else { throw peeked("EOF while parsing an object") }
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") else { throw peeked("expected `,` or `}`") }
      index += 1
      if byte == UInt8(ascii: "}") { return }
    }
  }
}

extension UInt8 {
  fileprivate var isHexadecimalDigit: Bool {
    switch self {
    case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
    default: false
    }
  }
}

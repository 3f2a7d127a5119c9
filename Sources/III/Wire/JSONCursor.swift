/// Reads the tokens of a JSON text (RFC 8259) and validates each of them.
struct JSONCursor {
  /// How deep arrays and objects may be nested.
  static let maxDepth = 512

  private let base: UnsafeRawPointer
  private let end: Int
  private(set) var offset = 0

  /// Starts at `offset`.
  init(_ text: ByteView, at offset: Int = 0) {
    base = text.base
    end = text.count
    self.offset = offset
  }

  /// A string without its quotes.
  struct StringToken {
    var start: Int
    var count: Int
    var hasEscapes: Bool
  }

  @inline(__always) private func byte(_ offset: Int) -> UInt8 { base.load(fromByteOffset: offset, as: UInt8.self) }

  /// The bytes of a part of the text.
  func slice(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
    precondition(start >= 0 && count >= 0 && start + count <= end)
    return UnsafeRawBufferPointer(start: base + start, count: count)
  }

  func text(of token: StringToken) -> String {
    let bytes = slice(token.start, token.count)
    return token.hasEscapes ? JSONText.text(of: bytes) : String(decoding: bytes, as: UTF8.self)
  }

  /// The next byte after white space, without taking it; throws if the text ends.
  @inline(__always) mutating func peek() throws(JSONSyntaxError) -> UInt8 {
    while offset < end {
      let byte = byte(offset)
      if byte > 0x20 || (byte != 0x20 && byte != 0x0A && byte != 0x0D && byte != 0x09) { return byte }
      offset &+= 1
    }
    throw JSONSyntaxError(.unexpectedEnd, at: end)
  }

  /// As `peek`, at the start of a value: an empty text has its own error.
  @inline(__always) mutating func first() throws(JSONSyntaxError) -> UInt8 {
    let start = offset
    do {
      return try peek()
    } catch {
      throw start == 0 ? JSONSyntaxError(.empty, at: error.offset) : error
    }
  }

  /// Takes the byte that `peek` has returned.
  @inline(__always) mutating func advance() { offset &+= 1 }

  /// Checks that only white space follows.
  mutating func finish() throws(JSONSyntaxError) {
    while offset < end {
      let byte = byte(offset)
      guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else {
        throw JSONSyntaxError(.trailingText, at: offset)
      }
      offset += 1
    }
  }

  /// The error for the current byte.
  func unexpected() -> JSONSyntaxError { JSONSyntaxError(.unexpectedByte, at: offset) }

  /// Takes a literal: `true`, `false`, `null`.
  mutating func take(_ literal: StaticString) throws(JSONSyntaxError) {
    let count = literal.utf8CodeUnitCount
    for index in 0..<count {
      guard offset + index < end else { throw JSONSyntaxError(.unexpectedEnd, at: end) }
      guard byte(offset + index) == literal.utf8Start[index] else {
        throw JSONSyntaxError(.unexpectedByte, at: offset + index)
      }
    }
    offset += count
  }

  /// Takes a key and the colon after it; the current byte is the quote.
  @inline(__always) mutating func key() throws(JSONSyntaxError) -> StringToken {
    let key = try string()
    guard try peek() == UInt8(ascii: ":") else { throw unexpected() }
    offset &+= 1
    return key
  }

  /// Takes a string; the current byte is its opening quote.
  mutating func string() throws(JSONSyntaxError) -> StringToken {
    guard offset < end, byte(offset) == 0x22 else { throw unexpected() }
    let start = offset &+ 1
    var hasEscapes = false
    var at = start
    while true {
      while at &+ 8 <= end {
        let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self))
        let marked = StringBytes.special(word)
        if marked != 0 {
          at &+= marked.trailingZeroBitCount &>> 3
          break
        }
        at &+= 8
      }
      guard at < end else { throw JSONSyntaxError(.unexpectedEnd, at: end) }
      let byte = byte(at)
      if byte == 0x22 {
        offset = at &+ 1
        return StringToken(start: start, count: at &- start, hasEscapes: hasEscapes)
      } else if byte == 0x5C {
        hasEscapes = true
        at = try escape(at)
      } else if byte >= 0x80 {
        guard let next = StringBytes.endOfCharacter(base, at: at, end: end) else {
          throw JSONSyntaxError(.invalidUTF8, at: at)
        }
        at = next
      } else if byte < 0x20 {
        throw JSONSyntaxError(.controlCharacter, at: at)
      } else {
        at &+= 1
      }
    }
  }

  /// Checks the escape whose backslash is at `at`, including a whole surrogate pair; returns where it ends.
  private func escape(_ at: Int) throws(JSONSyntaxError) -> Int {
    let end = try oneEscape(at)
    guard byte(at &+ 1) == UInt8(ascii: "u"), let unit = surrogate(at) else { return end }
    guard unit < 0xDC00, end < self.end, byte(end) == UInt8(ascii: "\\") else {
      throw JSONSyntaxError(.loneSurrogate, at: at)
    }
    let behind = try oneEscape(end)
    guard byte(end &+ 1) == UInt8(ascii: "u"), let low = surrogate(end), low >= 0xDC00 else {
      throw JSONSyntaxError(.loneSurrogate, at: at)
    }
    return behind
  }

  private func oneEscape(_ at: Int) throws(JSONSyntaxError) -> Int {
    switch StringBytes.escape(base, at: at, end: end) {
    case .ends(let end): return end
    case .isCut: throw JSONSyntaxError(.unexpectedEnd, at: end)
    case .isWrong(let place): throw JSONSyntaxError(.badEscape, at: place)
    }
  }

  /// The code unit of the escape `\uXXXX` at `at`, if it is half of a surrogate pair.
  @inline(__always) private func surrogate(_ at: Int) -> UInt32? {
    guard byte(at &+ 2) | 0x20 == UInt8(ascii: "d") else { return nil }
    let second = JSONText.digit(byte(at &+ 3))
    guard second >= 8 else { return nil }
    return 0xD000 | second << 8 | JSONText.digit(byte(at &+ 4)) << 4 | JSONText.digit(byte(at &+ 5))
  }

  /// Takes a number.
  mutating func number() throws(JSONSyntaxError) -> JSONNumber {
    var number = JSONNumber(start: offset)
    var at = offset
    if at < end, byte(at) == UInt8(ascii: "-") {
      number.isNegative = true
      at &+= 1
    }
    guard at < end else { throw JSONSyntaxError(.unexpectedEnd, at: end) }
    let first = byte(at) &- 0x30
    if first == 0 {
      at &+= 1
      if at < end, byte(at) &- 0x30 < 10 { throw JSONSyntaxError(.badNumber, at: at) }
    } else if first < 10 {
      at = digits(at, into: &number)
    } else {
      throw JSONSyntaxError(number.isNegative ? .badNumber : .unexpectedByte, at: at)
    }
    if at < end, byte(at) == UInt8(ascii: ".") {
      number.isIntegral = false
      let start = at &+ 1
      at = digits(start, into: &number)
      guard at > start else { throw JSONSyntaxError(.badNumber, at: min(at, end)) }
      number.exponent = start &- at
    }
    if at < end, byte(at) | 0x20 == UInt8(ascii: "e") {
      number.isIntegral = false
      at = try exponent(at &+ 1, into: &number)
    }
    number.count = at &- offset
    offset = at
    return number
  }

  @inline(__always) private func digits(_ start: Int, into number: inout JSONNumber) -> Int {
    var at = start
    while at < end {
      let digit = byte(at) &- 0x30
      guard digit < 10 else { break }
      number.append(digit)
      at &+= 1
    }
    return at
  }

  private func exponent(_ start: Int, into number: inout JSONNumber) throws(JSONSyntaxError) -> Int {
    var at = start
    var isNegative = false
    if at < end, byte(at) == UInt8(ascii: "-") || byte(at) == UInt8(ascii: "+") {
      isNegative = byte(at) == UInt8(ascii: "-")
      at += 1
    }
    let first = at
    var value = 0
    while at < end {
      let digit = byte(at) &- 0x30
      guard digit < 10 else { break }
      value = min(value * 10 + Int(digit), 1_000_000)
      at += 1
    }
    guard at > first else { throw JSONSyntaxError(at < end ? .badNumber : .unexpectedEnd, at: at) }
    number.exponent += isNegative ? -value : value
    return at
  }
}

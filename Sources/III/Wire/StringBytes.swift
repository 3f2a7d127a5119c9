/// The grammar of the bytes of a JSON string, shared by the scanner and the cursor.
enum StringBytes {
  // MARK: Eight bytes at once

  /// Sets the high bit of the lowest byte of the word that is a quote, a backslash, a control character or not ASCII; bytes above that one
  /// may be marked incorrectly.
  @inline(__always) static func special(_ word: UInt64) -> UInt64 {
    (quoteOrLess(word) | backslash(word) | word) & highs
  }

  /// The same for four words at once.
  @inline(__always) static func special(_ words: SIMD4<UInt64>) -> SIMD4<UInt64> {
    let quoteOrLess = (words ^ 0x0202_0202_0202_0202) &- 0x2121_2121_2121_2121
    let backslash = (words ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
    return (quoteOrLess | backslash | words) & 0x8080_8080_8080_8080
  }

  /// As `special`, without the non-ASCII bytes: the bytes that JSON escapes.
  @inline(__always) static func escaped(_ word: UInt64) -> UInt64 {
    (quoteOrLess(word) | backslash(word)) & ~word & highs
  }

  private static var highs: UInt64 { @inline(__always) get { 0x8080_8080_8080_8080 } }

  /// XOR with 2 turns the quote (22) into 20 and keeps control characters below it, so that one subtraction finds both.
  @inline(__always) private static func quoteOrLess(_ word: UInt64) -> UInt64 {
    (word ^ 0x0202_0202_0202_0202) &- 0x2121_2121_2121_2121
  }

  @inline(__always) private static func backslash(_ word: UInt64) -> UInt64 {
    (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
  }

  // MARK: One character

  /// The result of checking an escape.
  enum Escape {
    case ends(at: Int)
    /// The text ends within the escape.
    case isCut
    /// The byte there is not allowed in an escape.
    case isWrong(at: Int)
  }

  /// Checks the escape whose backslash is at `at`.
  @inline(never) static func escape(_ bytes: UnsafeRawPointer, at: Int, end: Int) -> Escape {
    func byte(_ index: Int) -> UInt8 { bytes.load(fromByteOffset: index, as: UInt8.self) }
    guard at &+ 1 < end else { return .isCut }
    switch byte(at &+ 1) {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: return .ends(at: at &+ 2)
    case 0x75:
      guard at &+ 6 <= end else { return .isCut }
      for digit in at &+ 2..<at &+ 6 {
        let byte = byte(digit)
        guard byte &- 0x30 < 10 || (byte | 0x20) &- 0x61 < 6 else { return .isWrong(at: digit) }
      }
      return .ends(at: at &+ 6)
    default: return .isWrong(at: at &+ 1)
    }
  }

  /// The end of the character of two to four bytes that begins at `at`; `nil` if it is invalid.
  @inline(never) static func endOfCharacter(_ bytes: UnsafeRawPointer, at: Int, end: Int) -> Int? {
    func byte(_ index: Int) -> UInt8 { bytes.load(fromByteOffset: index, as: UInt8.self) }
    let count: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch byte(at) {
    case 0xC2...0xDF: count = 2
    case 0xE0: (count, second) = (3, 0xA0...0xBF)
    case 0xED: (count, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: count = 3
    case 0xF0: (count, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: count = 4
    case 0xF4: (count, second) = (4, 0x80...0x8F)
    default: return nil
    }
    guard at &+ count <= end, second.contains(byte(at &+ 1)) else { return nil }
    for index in 2..<max(2, count) where byte(at &+ index) & 0xC0 != 0x80 { return nil }
    return at &+ count
  }
}

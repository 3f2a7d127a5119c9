/// A validating pass over RFC 8259 text: it finds where values end, and builds nothing.
///
/// Strings are checked to be UTF-8 with well-formed escapes (half a surrogate pair passes: nobody decodes it here),
/// numbers by their grammar only, so that any that JSON can spell passes on as it was spelled.
package struct JSONScanner {
  /// Why the text is no JSON.
  package enum Failure: Error, Equatable, Sendable {
    /// The byte at this offset cannot stand there, or the text ends too early.
    case malformed(at: Int)
    /// More containers inside one another than are accepted.
    case tooDeep(at: Int)
  }

  @usableFromInline let base: UnsafeRawPointer
  let count: Int
  var index = 0
  /// Containers that may be open at once below the current one.
  let maxDepth: Int

  init(_ bytes: ByteView, maxDepth: Int) {
    base = bytes.base
    count = bytes.count
    self.maxDepth = maxDepth
  }

  @inline(__always) private func byte(_ index: Int) -> UInt8 { base.load(fromByteOffset: index, as: UInt8.self) }

  var failure: Failure { .malformed(at: index) }

  @inline(__always) var isAtEnd: Bool { index >= count }

  /// The byte at the index, 0 at the end: no byte that is looked for is 0.
  @inline(__always) var current: UInt8 { index < count ? byte(index) : 0 }

  @inline(__always) mutating func skipBlanks() {
    while index < count {
      let c = byte(index)
      guard c == 0x20 || c == 0x0A || c == 0x0D || c == 0x09 else { return }
      index &+= 1
    }
  }

  /// Takes `expected` if it comes next.
  @inline(__always) mutating func take(_ expected: UInt8) -> Bool {
    guard index < count, byte(index) == expected else { return false }
    index &+= 1
    return true
  }

  // MARK: Strings

  /// A string's place, without its quotes, and whether it holds escapes.
  struct StringPlace {
    var start: Int
    var end: Int
    var hasEscapes: Bool
  }

  /// From an opening quote to behind the closing one.
  @inline(__always) mutating func string() throws(Failure) -> StringPlace {
    guard take(0x22) else { throw failure }
    let start = index
    var hasEscapes = false
    while true {
      skipPlain()
      guard index < count else { throw failure }
      let c = byte(index)
      if c == 0x22 {
        index &+= 1
        return StringPlace(start: start, end: index &- 1, hasEscapes: hasEscapes)
      } else if c == 0x5C {
        hasEscapes = true
        try escape()
      } else if c >= 0x80 {
        try sequence()
      } else if c >= 0x20 {
        index &+= 1
      } else {
        throw failure
      }
    }
  }

  /// Goes on to the next byte that is a quote, a backslash, a control character or not ASCII, or to fewer than eight
  /// bytes before the end.
  @inline(__always) private mutating func skipPlain() {
    // A local, for stores to `self` would keep the loop from running in registers.
    var at = index
    // Keys, ids and short values end within these words; a wider step would cost them more than it saves.
    let near = min(count, at &+ 48)
    while at &+ 8 <= near {
      let found = JSONScanner.special(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      if found != 0 {
        index = at &+ found.trailingZeroBitCount &>> 3
        return
      }
      at &+= 8
    }
    index = at
    if at &+ 8 <= count { skipLongPlain() }
  }

  /// As `skipPlain`, for what is long: 64 bytes at a time, then by words.
  @inline(never) private mutating func skipLongPlain() {
    var at = index
    while at &+ 64 <= count {
      // Two halves to one test: what tells whether any bit is set costs as much as a half.
      let found =
        JSONScanner.special(base.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self))
        | JSONScanner.special(base.loadUnaligned(fromByteOffset: at &+ 32, as: SIMD4<UInt64>.self))
      if found[0] | found[1] | found[2] | found[3] != 0 { break }
      at &+= 64
    }
    if at &+ 32 <= count {
      let found = JSONScanner.special(base.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self))
      if found[0] | found[1] | found[2] | found[3] == 0 { at &+= 32 }
    }
    while at &+ 8 <= count {
      let found = JSONScanner.special(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      if found != 0 {
        at &+= found.trailingZeroBitCount &>> 3
        break
      }
      at &+= 8
    }
    index = at
  }

  /// Marks the lowest byte of the word that is a quote, a backslash, a control character or not ASCII by its high bit;
  /// bytes above that one may be marked wrongly.
  ///
  /// XOR with 2 makes the quote (22) a 20 and leaves controls below it, so that one subtraction finds both.
  @inline(__always) private static func special(_ word: UInt64) -> UInt64 {
    let controlOrQuote = (word ^ 0x0202_0202_0202_0202) &- 0x2121_2121_2121_2121
    let backslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
    return (controlOrQuote | backslash | word) & 0x8080_8080_8080_8080
  }

  /// The same for four words at once.
  @inline(__always) private static func special(_ words: SIMD4<UInt64>) -> SIMD4<UInt64> {
    let controlOrQuote = (words ^ 0x0202_0202_0202_0202) &- 0x2121_2121_2121_2121
    let backslash = (words ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
    return (controlOrQuote | backslash | words) & 0x8080_8080_8080_8080
  }

  @inline(never) private mutating func escape() throws(Failure) {
    guard index &+ 1 < count else { throw failure }
    switch byte(index &+ 1) {
    case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: index &+= 2
    case 0x75:
      guard index &+ 6 <= count else { throw failure }
      for offset in 2..<6 {
        let c = byte(index &+ offset)
        guard (c >= 0x30 && c <= 0x39) || (c | 0x20 >= 0x61 && c | 0x20 <= 0x66) else { throw failure }
      }
      index &+= 6
    default: throw failure
    }
  }

  /// One character of two to four bytes.
  @inline(never) private mutating func sequence() throws(Failure) {
    let c = byte(index)
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch c {
    case 0xC2...0xDF: length = 2
    case 0xE0...0xEF:
      length = 3
      if c == 0xE0 { second = 0xA0...0xBF } else if c == 0xED { second = 0x80...0x9F }
    case 0xF0...0xF4:
      length = 4
      if c == 0xF0 { second = 0x90...0xBF } else if c == 0xF4 { second = 0x80...0x8F }
    default: throw failure
    }
    guard index &+ length <= count, second.contains(byte(index &+ 1)) else { throw failure }
    for offset in 2..<max(length, 2) where byte(index &+ offset) & 0xC0 != 0x80 { throw failure }
    index &+= length
  }

  // MARK: Other scalars

  @inline(__always) private mutating func digits() throws(Failure) {
    let start = index
    while index < count, byte(index) &- 0x30 < 10 { index &+= 1 }
    guard index > start else { throw failure }
  }

  private mutating func number() throws(Failure) {
    _ = take(0x2D)
    if take(0x30) {
      // No digit may follow a leading zero: what does is caught as no value's end.
    } else {
      try digits()
    }
    if take(0x2E) { try digits() }
    if current | 0x20 == 0x65 {
      index &+= 1
      if current == 0x2B || current == 0x2D { index &+= 1 }
      try digits()
    }
  }

  @inline(__always) private mutating func literal(_ text: StaticString) throws(Failure) {
    let length = text.utf8CodeUnitCount
    guard index &+ length <= count, ByteView(base + index, count: length) == ByteView(text) else { throw failure }
    index &+= length
  }

  // MARK: Values

  /// From a value's first byte to behind its last, without recursion.
  mutating func skipValue() throws(Failure) { _ = try skipValue(watchingFor: nil) }

  /// As `skipValue`; returns whether the value is an object that has `name` among its own keys, however it is spelled.
  mutating func skipValue(watchingFor name: ByteView?) throws(Failure) -> Bool {
    var isFound = false
    // A bit for each open container: 1 for an object. Words that are full are put aside.
    var open: UInt64 = 0
    var full: [UInt64] = []
    var depth = 0
    while true {
      // At a value.
      let c = current
      switch c {
      case 0x22: _ = try string()
      case 0x7B, 0x5B:
        let isObject = c == 0x7B
        guard depth < maxDepth else { throw .tooDeep(at: index) }
        index &+= 1
        skipBlanks()
        if take(isObject ? 0x7D : 0x5D) { break }
        if depth != 0 && depth & 63 == 0 {
          full.append(open)
          open = 0
        }
        open = open << 1 | (isObject ? 1 : 0)
        depth &+= 1
        if isObject, try key(isWatched: depth == 1, for: name) { isFound = true }
        continue
      case 0x74: try literal("true")
      case 0x66: try literal("false")
      case 0x6E: try literal("null")
      default: try number()
      }
      // Behind a value.
      while true {
        if depth == 0 { return isFound }
        skipBlanks()
        let isObject = open & 1 == 1
        if take(0x2C) {
          skipBlanks()
          if isObject, try key(isWatched: depth == 1, for: name) { isFound = true }
          break
        }
        guard take(isObject ? 0x7D : 0x5D) else { throw failure }
        open >>= 1
        depth &-= 1
        if depth != 0 && depth & 63 == 0, let word = full.popLast() { open = word }
      }
    }
  }

  /// A key with its colon, up to its value; returns whether it reads as `name`, if it is watched.
  @inline(__always) private mutating func key(isWatched: Bool, for name: ByteView?) throws(Failure) -> Bool {
    let place = try string()
    let isFound = isWatched && name.map { matches(place, $0) } ?? false
    skipBlanks()
    guard take(0x3A) else { throw failure }
    skipBlanks()
    return isFound
  }

  /// Whether a string reads as `text`.
  @inline(__always) private func matches(_ place: StringPlace, _ text: ByteView) -> Bool {
    let spelled = ByteView(base + place.start, count: place.end &- place.start)
    if place.hasEscapes { return JSONScanner.unescapes(spelled, to: text) }
    return spelled == text
  }

  @inline(never) private static func unescapes(_ spelled: ByteView, to text: ByteView) -> Bool {
    JSONText.text(of: spelled.unsafeBytes) == text.string
  }
}

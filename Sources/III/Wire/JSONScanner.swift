/// A validating pass over RFC 8259 text: it finds where values end, and builds nothing.
///
/// Strings are checked to be UTF-8 with well-formed escapes (half of a surrogate pair is accepted, because nothing is decoded here).
/// Numbers are checked by their grammar only, so that every valid number is passed on unchanged.
package struct JSONScanner {
  /// Why the text is not JSON.
  package enum Failure: Error, Equatable, Sendable {
    /// The byte at this offset is not allowed there, or the text ends too early.
    case malformed(at: Int)
    /// Containers are nested deeper than accepted.
    case tooDeep(at: Int)
  }

  @usableFromInline let base: UnsafeRawPointer
  let count: Int
  var index = 0
  /// How many containers may be open at once inside the current one.
  let maxDepth: Int

  /// The greatest `maxDepth`; deeper text is reported as too deep.
  static let deepest = 1024

  init(_ bytes: ByteView, maxDepth: Int) {
    base = bytes.base
    count = bytes.count
    self.maxDepth = min(maxDepth, JSONScanner.deepest)
  }

  @inline(__always) private func byte(_ index: Int) -> UInt8 { base.load(fromByteOffset: index, as: UInt8.self) }

  var failure: Failure { .malformed(at: index) }

  @inline(__always) var isAtEnd: Bool { index >= count }

  /// The current byte; 0 at the end, because no expected byte is 0.
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

  /// The position of a string, without its quotes, and whether it has escapes.
  struct StringPlace {
    var start: Int
    var end: Int
    var hasEscapes: Bool
  }

  /// Reads a string from its opening quote to after the closing one.
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

  /// Skips to the next byte that is a quote, a backslash, a control character or not ASCII, or to fewer than eight bytes before the end.
  @inline(__always) private mutating func skipPlain() {
    // A local variable, because stores to `self` would prevent the loop from running in registers.
    var at = index
    // Keys, ids and short values end within these words; a wider step would be slower for them.
    let near = min(count, at &+ 48)
    while at &+ 8 <= near {
      let found = StringBytes.special(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      if found != 0 {
        index = at &+ found.trailingZeroBitCount &>> 3
        return
      }
      at &+= 8
    }
    index = at
    if at &+ 8 <= count { skipLongPlain() }
  }

  /// As `skipPlain`, for long strings: 64 bytes at a time, then by words.
  @inline(never) private mutating func skipLongPlain() {
    var at = index
    while at &+ 64 <= count {
      // Two halves per test, because a test whether any bit is set costs as much as one half.
      let found =
        StringBytes.special(base.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self))
        | StringBytes.special(base.loadUnaligned(fromByteOffset: at &+ 32, as: SIMD4<UInt64>.self))
      if found[0] | found[1] | found[2] | found[3] != 0 { break }
      at &+= 64
    }
    if at &+ 32 <= count {
      let found = StringBytes.special(base.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self))
      if found[0] | found[1] | found[2] | found[3] == 0 { at &+= 32 }
    }
    while at &+ 8 <= count {
      let found = StringBytes.special(UInt64(littleEndian: base.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
      if found != 0 {
        at &+= found.trailingZeroBitCount &>> 3
        break
      }
      at &+= 8
    }
    index = at
  }

  private mutating func escape() throws(Failure) {
    guard case .ends(let at) = StringBytes.escape(base, at: index, end: count) else { throw failure }
    index = at
  }

  /// Reads one character of two to four bytes.
  private mutating func sequence() throws(Failure) {
    guard let at = StringBytes.endOfCharacter(base, at: index, end: count) else { throw failure }
    index = at
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
      // No digit may follow a leading zero: such a digit is reported as an error after the value.
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

  /// Skips from a value's first byte to after its last one, without recursion.
  mutating func skipValue() throws(Failure) { _ = try skipValue(watchingFor: nil) }

  /// As `skipValue`; returns how often the value, if it is an object, has the key `name`, with or without escapes.
  mutating func skipValue(watchingFor name: ByteView?) throws(Failure) -> Int {
    var found = 0
    // A bit for each open container: 1 for an object. Full words are stored in a vector, because an array would have to be released even
    // where it is empty.
    var open: UInt64 = 0
    var full = SIMD16<UInt64>()
    var depth = 0
    while true {
      // At the start of a value.
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
          full[depth &>> 6 &- 1] = open
          open = 0
        }
        open = open << 1 | (isObject ? 1 : 0)
        depth &+= 1
        if isObject, try key(isWatched: depth == 1, for: name) { found &+= 1 }
        continue
      case 0x74: try literal("true")
      case 0x66: try literal("false")
      case 0x6E: try literal("null")
      default: try number()
      }
      // After a value.
      while true {
        if depth == 0 { return found }
        skipBlanks()
        let isObject = open & 1 == 1
        if take(0x2C) {
          skipBlanks()
          if isObject, try key(isWatched: depth == 1, for: name) { found &+= 1 }
          break
        }
        guard take(isObject ? 0x7D : 0x5D) else { throw failure }
        open >>= 1
        depth &-= 1
        if depth != 0 && depth & 63 == 0 { open = full[depth &>> 6 &- 1] }
      }
    }
  }

  /// Reads a key and its colon; returns whether it equals `name`, if it is watched.
  @inline(__always) private mutating func key(isWatched: Bool, for name: ByteView?) throws(Failure) -> Bool {
    let place = try string()
    let isFound = isWatched && name.map { matches(place, $0) } ?? false
    skipBlanks()
    guard take(0x3A) else { throw failure }
    skipBlanks()
    return isFound
  }

  /// Whether a string equals `text`.
  @inline(__always) private func matches(_ place: StringPlace, _ text: ByteView) -> Bool {
    let spelled = ByteView(base + place.start, count: place.end &- place.start)
    if place.hasEscapes { return JSONScanner.unescapes(spelled, to: text) }
    return spelled == text
  }

  @inline(never) private static func unescapes(_ spelled: ByteView, to text: ByteView) -> Bool {
    JSONText.text(of: spelled.unsafeBytes) == text.string
  }
}

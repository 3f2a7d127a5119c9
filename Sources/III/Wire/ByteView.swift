// `@usableFromInline`, as on all small types of the frame path: without it on the type, `@inlinable` on its members has no effect in other
// modules, and each byte that the engine reads costs a call.

/// Bytes of another owner: a read buffer, a message, a literal.
///
/// A view is valid as long as its owner; views of received messages end with the callback that passed them. To keep the bytes longer, copy
/// them (`array`, `string`).
@usableFromInline package struct ByteView {
  @usableFromInline let base: UnsafeRawPointer
  @usableFromInline package let count: Int

  @inlinable package init(_ base: UnsafeRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  @inlinable package init(_ buffer: UnsafeRawBufferPointer) {
    self.init(buffer.baseAddress ?? Self.emptyBase, count: buffer.count)
  }

  @inlinable package init(_ text: StaticString) {
    self.init(UnsafeRawPointer(text.utf8Start), count: text.utf8CodeUnitCount)
  }

  /// An address that is never read: the base of empty views.
  @usableFromInline static var emptyBase: UnsafeRawPointer { UnsafeRawPointer(StaticString("").utf8Start) }

  @inlinable package static var empty: ByteView { ByteView("") }

  @inlinable package var isEmpty: Bool { count == 0 }

  /// The byte at `index`, which must be below `count`.
  @inlinable package subscript(index: Int) -> UInt8 {
    precondition(index >= 0 && index < count)
    return base.load(fromByteOffset: index, as: UInt8.self)
  }

  /// The part of the view that a member occupies, which must lie inside it.
  @inlinable package subscript(range: ByteRange) -> ByteView {
    precondition(Int(range.start) + Int(range.count) <= count)
    return ByteView(base + Int(range.start), count: Int(range.count))
  }

  /// What remains after the first `n` bytes, which the view must have.
  @inlinable package func dropFirst(_ n: Int) -> ByteView {
    precondition(n >= 0 && n <= count)
    return ByteView(base + n, count: count - n)
  }

  /// The first `n` bytes, which the view must have.
  @inlinable package func prefix(_ n: Int) -> ByteView {
    precondition(n >= 0 && n <= count)
    return ByteView(base, count: n)
  }

  /// The bytes, copied.
  package var array: [UInt8] { [UInt8](unsafeBytes) }

  /// The bytes as text, copied; invalid UTF-8 becomes U+FFFD.
  package var string: String { String(decoding: unsafeBytes, as: UTF8.self) }

  /// The bytes as a buffer, for the codec and the scanner.
  @inlinable package var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  // Always inlined: the length of a literal is a constant then, and the comparison one of a few words with constants.
  @inlinable @inline(__always) package static func == (view: ByteView, text: StaticString) -> Bool {
    view.isSame(as: ByteView(text))
  }

  @inlinable package static func == (a: ByteView, b: ByteView) -> Bool { a.isSame(as: b) }

  @inlinable @inline(__always) package func isSame(as other: ByteView) -> Bool {
    let count = other.count
    guard self.count == count else { return false }
    // The last word overlaps the one before it, where the length is no multiple of a word's.
    if count >= 8 {
      var offset = 0
      while offset &+ 8 < count {
        if word(at: offset) != other.word(at: offset) { return false }
        offset &+= 8
      }
      return word(at: count &- 8) == other.word(at: count &- 8)
    }
    if count >= 4 {
      return halfWord(at: 0) == other.halfWord(at: 0) && halfWord(at: count &- 4) == other.halfWord(at: count &- 4)
    }
    for offset in 0..<count where self[offset] != other[offset] { return false }
    return true
  }

  /// Whether the bytes come before the other ones in lexicographic order.
  @inlinable package func precedes(_ other: ByteView) -> Bool {
    let shared = min(count, other.count)
    var offset = 0
    while offset &+ 8 <= shared {
      let (x, y) = (word(at: offset), other.word(at: offset))
      if x != y { return UInt64(bigEndian: x) < UInt64(bigEndian: y) }
      offset &+= 8
    }
    while offset < shared {
      let (x, y) = (self[offset], other[offset])
      if x != y { return x < y }
      offset &+= 1
    }
    return count < other.count
  }

  /// Eight bytes, which must lie inside the view.
  @inlinable package func word(at offset: Int) -> UInt64 { base.loadUnaligned(fromByteOffset: offset, as: UInt64.self) }

  /// Four bytes, which must lie inside the view.
  @inlinable package func halfWord(at offset: Int) -> UInt32 {
    base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }

  /// Where a part of the view begins; `nil` if it does not lie inside the view.
  @inlinable package func offset(of part: ByteView) -> Int? {
    guard part.base >= base, part.base + part.count <= base + count else { return nil }
    return part.base - base
  }

  /// Whether `byte` is among the bytes.
  @inlinable package func contains(_ byte: UInt8) -> Bool { unsafeBytes.contains(byte) }
}

extension Array where Element == UInt8 {
  /// Passes the array's bytes as a view that is valid inside `body`.
  @inlinable package func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    try withUnsafeBytes { try body(ByteView($0)) }
  }
}

extension String {
  /// Passes the text's UTF-8 bytes as a view that is valid inside `body`.
  func withView<Result>(_ body: (ByteView) throws -> Result) rethrows -> Result {
    var text = self
    return try text.withUTF8 { try body(ByteView(UnsafeRawBufferPointer($0))) }
  }
}

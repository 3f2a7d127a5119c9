/// A UUID of any version: identifies invocations, workers and triggers in messages.
@usableFromInline package struct UUID128: BitwiseCopyable, Sendable {
  @usableFromInline package let high: UInt64
  @usableFromInline package let low: UInt64

  @inlinable package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The number of bytes that `write(into:)` writes.
  @inlinable package static var textCount: Int { 36 }

  /// A new version 4 UUID; any thread may call this.
  package static func random() -> UUID128 { UUIDGenerator.nextShared() }

  /// Accepts the forms that an engine accepts: hyphenated, 32 digits, in braces or after `urn:uuid:`, digits in either case.
  package init?(_ text: ByteView) {
    switch text.count {
    case 36: self.init(hyphenated: text)
    case 32: self.init(compact: text)
    case 38:
      guard text[0] == UInt8(ascii: "{"), text[37] == UInt8(ascii: "}") else { return nil }
      self.init(hyphenated: text.dropFirst(1).prefix(36))
    case 45:
      guard text.prefix(9) == "urn:uuid:" else { return nil }
      self.init(hyphenated: text.dropFirst(9))
    default: return nil
    }
  }

  /// As above, from a string.
  package init?(_ text: String) {
    var text = text
    guard let value = text.withUTF8({ UUID128(ByteView(UnsafeRawBufferPointer($0))) }) else { return nil }
    self = value
  }

  private init?(hyphenated text: ByteView) {
    let hyphen = UInt8(ascii: "-")
    guard text[8] == hyphen, text[13] == hyphen, text[18] == hyphen, text[23] == hyphen else { return nil }
    let bytes = text.unsafeBytes
    self.init(
      Hex.load8(bytes, 0), Hex.load4(bytes, 9) | Hex.load4(bytes, 14) << 32,
      Hex.load4(bytes, 19) | Hex.load4(bytes, 24) << 32, Hex.load8(bytes, 28))
  }

  private init?(compact text: ByteView) {
    let bytes = text.unsafeBytes
    self.init(Hex.load8(bytes, 0), Hex.load8(bytes, 8), Hex.load8(bytes, 16), Hex.load8(bytes, 24))
  }

  /// Four times eight digits, in memory order.
  @inline(__always) private init?(_ a: UInt64, _ b: UInt64, _ c: UInt64, _ d: UInt64) {
    guard let a = Hex.value(of: a), let b = Hex.value(of: b), let c = Hex.value(of: c), let d = Hex.value(of: d) else {
      return nil
    }
    self.init(high: UInt64(a) << 32 | UInt64(b), low: UInt64(c) << 32 | UInt64(d))
  }

  /// Writes the hyphenated form in lower case: 36 bytes.
  package func write(into writer: inout ByteWriter) { write(to: writer.claim(Self.textCount)) }

  private func write(to memory: UnsafeMutableRawPointer) {
    let hyphen = UInt8(ascii: "-")
    let second = Hex.digits(of: UInt32(truncatingIfNeeded: high))
    let third = Hex.digits(of: UInt32(truncatingIfNeeded: low >> 32))
    memory.storeBytes(of: Hex.digits(of: UInt32(truncatingIfNeeded: high >> 32)), as: UInt64.self)
    memory.storeBytes(of: hyphen, toByteOffset: 8, as: UInt8.self)
    memory.storeBytes(of: UInt32(truncatingIfNeeded: second), toByteOffset: 9, as: UInt32.self)
    memory.storeBytes(of: hyphen, toByteOffset: 13, as: UInt8.self)
    memory.storeBytes(of: UInt32(truncatingIfNeeded: second >> 32), toByteOffset: 14, as: UInt32.self)
    memory.storeBytes(of: hyphen, toByteOffset: 18, as: UInt8.self)
    memory.storeBytes(of: UInt32(truncatingIfNeeded: third), toByteOffset: 19, as: UInt32.self)
    memory.storeBytes(of: hyphen, toByteOffset: 23, as: UInt8.self)
    memory.storeBytes(of: UInt32(truncatingIfNeeded: third >> 32), toByteOffset: 24, as: UInt32.self)
    memory.storeBytes(of: Hex.digits(of: UInt32(truncatingIfNeeded: low)), toByteOffset: 28, as: UInt64.self)
  }
}

extension UUID128: Hashable {
  @inlinable package static func == (a: UUID128, b: UUID128) -> Bool { a.high == b.high && a.low == b.low }

  @inlinable package func hash(into hasher: inout Hasher) {
    // Both halves, because ids also come from other processes, which could make one half collide.
    hasher.combine(high)
    hasher.combine(low)
  }
}

extension UUID128: CustomStringConvertible {
  /// The hyphenated form in lower case.
  @usableFromInline package var description: String {
    String(unsafeUninitializedCapacity: Self.textCount) { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      write(to: UnsafeMutableRawPointer(base))
      return Self.textCount
    }
  }
}

extension UInt64 {
  /// The sixteen lower-case hexadecimal digits.
  var hexDigits: String {
    String(unsafeUninitializedCapacity: 16) { buffer in
      let memory = UnsafeMutableRawBufferPointer(buffer)
      memory.storeBytes(of: Hex.digits(of: UInt32(truncatingIfNeeded: self >> 32)), as: UInt64.self)
      memory.storeBytes(of: Hex.digits(of: UInt32(truncatingIfNeeded: self)), toByteOffset: 8, as: UInt64.self)
      return 16
    }
  }
}

/// Hexadecimal digits, eight at a time in one word.
private enum Hex {
  static let ones: UInt64 = 0x0101_0101_0101_0101

  @inline(__always) static func load8(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always) static func load4(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> UInt64 {
    UInt64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }

  /// The value of eight digits, the first one in the word's lowest byte; nil if one of them is not a digit.
  @inline(__always) static func value(of word: UInt64) -> UInt32? {
    let highBits = 0x80 &* ones
    guard word & highBits == 0 else { return nil }
    let lower = word | 0x20 &* ones
    // The addition never carries into the next byte, because all bytes are below 0x80.
    let digit = (word &+ 0x50 &* ones) & ~(word &+ 0x46 &* ones) & highBits
    let letter = (lower &+ 0x1F &* ones) & ~(lower &+ 0x19 &* ones) & highBits
    guard digit | letter == highBits else { return nil }
    var nibbles = (word & 0x0F0F_0F0F_0F0F_0F0F) &+ 9 &* (letter >> 7)
    nibbles = (nibbles << 4 | nibbles >> 8) & 0x00FF_00FF_00FF_00FF
    nibbles = (nibbles | nibbles >> 8) & 0x0000_FFFF_0000_FFFF
    return UInt32(truncatingIfNeeded: nibbles | nibbles >> 16).byteSwapped
  }

  /// The eight lower-case digits of `value`, in memory order.
  @inline(__always) static func digits(of value: UInt32) -> UInt64 {
    var word = UInt64(value.byteSwapped)
    word = (word | word << 16) & 0x0000_FFFF_0000_FFFF
    word = (word | word << 8) & 0x00FF_00FF_00FF_00FF
    word = (word >> 4 | word << 8) & 0x0F0F_0F0F_0F0F_0F0F
    let letters = ((word &+ 6 &* ones) >> 4) & ones
    return (word &+ 0x30 &* ones &+ letters &* 39).littleEndian
  }
}

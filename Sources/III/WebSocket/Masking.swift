/// The XOR of RFC 6455 §5.3, a word at a time. The bytes of keys are in memory order.
enum Masking {
  /// Whether no byte has its high bit set; the word may be the OR of several words.
  @inline(__always)
  private static func isASCII(_ bits: UInt64) -> Bool { bits & 0x8080_8080_8080_8080 == 0 }

  /// XORs `count` bytes with the key from `source` to `target`, which may be the same place.
  ///
  /// Returns the OR of the resulting words, so that no second pass is needed to find out whether a text is ASCII.
  @inline(__always)
  private static func xor(
    from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int, key: UInt32
  ) -> UInt64 {
    let key64 = UInt64(key) | UInt64(key) << 32
    let wide = SIMD4<UInt64>(repeating: key64)
    var gathered = SIMD4<UInt64>()
    var seen: UInt64 = 0
    var at = 0
    while count &- at >= 32 {
      let plain = source.loadUnaligned(fromByteOffset: at, as: SIMD4<UInt64>.self) ^ wide
      gathered |= plain
      target.storeBytes(of: plain, toByteOffset: at, as: SIMD4<UInt64>.self)
      at &+= 32
    }
    seen = gathered[0] | gathered[1] | gathered[2] | gathered[3]
    while count &- at >= 8 {
      let plain = source.loadUnaligned(fromByteOffset: at, as: UInt64.self) ^ key64
      seen |= plain
      target.storeBytes(of: plain, toByteOffset: at, as: UInt64.self)
      at &+= 8
    }
    // The offset after whole words is a multiple of four, so the key starts from its first byte again.
    var rest = UInt32(littleEndian: key)
    while at < count {
      let plain = source.load(fromByteOffset: at, as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
      seen |= UInt64(plain)
      target.storeBytes(of: plain, toByteOffset: at, as: UInt8.self)
      rest = rest >> 8 | rest << 24
      at &+= 1
    }
    return seen
  }

  /// Masks or unmasks in place; returns true if the result is all ASCII.
  @discardableResult
  static func apply(_ key: UInt32, to bytes: UnsafeMutableRawPointer, count: Int) -> Bool {
    isASCII(xor(from: bytes, to: bytes, count: count, key: key))
  }

  /// Copies and masks in one pass.
  static func copy(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, count: Int, key: UInt32) {
    _ = xor(from: source, to: target, count: count, key: key)
  }

  /// Whether the bytes, which are not masked, are all ASCII.
  static func isASCII(_ bytes: UnsafeRawPointer, count: Int) -> Bool {
    var seen: UInt64 = 0
    var at = 0
    while count &- at >= 8 {
      seen |= bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)
      at &+= 8
    }
    while at < count {
      seen |= UInt64(bytes.load(fromByteOffset: at, as: UInt8.self))
      at &+= 1
    }
    return isASCII(seen)
  }

  /// The key for the bytes that follow after `count` bytes.
  @inline(__always)
  static func rotate(_ key: UInt32, by count: Int) -> UInt32 {
    let little = UInt32(littleEndian: key)
    let bits = UInt32(truncatingIfNeeded: count & 3) &* 8
    return (little &>> bits | little &<< (32 &- bits)).littleEndian
  }
}

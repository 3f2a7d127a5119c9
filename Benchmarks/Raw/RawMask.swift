/// The XOR of RFC 6455 section 5.3, thirty-two bytes at a time.
enum RawMask {
  @inline(__always) static func apply(to bytes: UnsafeMutableRawPointer, _ count: Int, key: UInt32) {
    let wide = UInt64(key) | UInt64(key) << 32
    let vector = SIMD4<UInt64>(repeating: wide)
    var index = 0
    while index + 32 <= count {
      let masked = bytes.loadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self) ^ vector
      bytes.storeBytes(of: masked, toByteOffset: index, as: SIMD4<UInt64>.self)
      index += 32
    }
    while index + 8 <= count {
      let masked = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ wide
      bytes.storeBytes(of: masked, toByteOffset: index, as: UInt64.self)
      index += 8
    }
    var rest = key
    while index < count {
      let masked = bytes.load(fromByteOffset: index, as: UInt8.self) ^ UInt8(truncatingIfNeeded: rest)
      bytes.storeBytes(of: masked, toByteOffset: index, as: UInt8.self)
      rest = rest >> 8 | rest << 24
      index += 1
    }
  }
}

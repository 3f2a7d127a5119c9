/// The 36 characters of a random UUID whose low 16 bits say which slot it was sent from.
struct InvocationText {
  static let count = 36

  // In the order of the text: 8 + 8 + 8 + 8 + 4 characters.
  private let words: (UInt64, UInt64, UInt64, UInt64)
  private let last: UInt32

  init(random high: UInt64, _ low: UInt64, slot: UInt16) {
    let a = hexadecimal(UInt32(truncatingIfNeeded: high))
    let b = hexadecimal(UInt32(truncatingIfNeeded: high >> 32) & 0xFFFF_0FFF | 0x4000)
    let c = hexadecimal(UInt32(truncatingIfNeeded: low) & 0x3FFF_FFFF | 0x8000_0000)
    let d = hexadecimal(UInt32(truncatingIfNeeded: low >> 32) << 16 | UInt32(slot))
    // aaaaaaaa-bbbb-bbbb-cccc-ccccdddddddd, the first character in the lowest byte.
    let hyphen = UInt64(UInt8(ascii: "-"))
    words.0 = a
    words.1 = hyphen | (b & 0xFFFF_FFFF) << 8 | hyphen << 40 | (b >> 32 & 0xFFFF) << 48
    words.2 = b >> 48 | hyphen << 16 | (c & 0xFFFF_FFFF) << 24 | hyphen << 56
    words.3 = c >> 32 | (d & 0xFFFF_FFFF) << 32
    last = UInt32(truncatingIfNeeded: d >> 32)
  }

  /// The characters that tell ids of one slot apart.
  var tag: UInt64 { words.0 }

  @inline(__always) func store(to place: UnsafeMutableRawPointer, mask: UInt64) {
    place.storeBytes(of: words.0 ^ mask, as: UInt64.self)
    place.storeBytes(of: words.1 ^ mask, toByteOffset: 8, as: UInt64.self)
    place.storeBytes(of: words.2 ^ mask, toByteOffset: 16, as: UInt64.self)
    place.storeBytes(of: words.3 ^ mask, toByteOffset: 24, as: UInt64.self)
    place.storeBytes(of: last ^ UInt32(truncatingIfNeeded: mask), toByteOffset: 32, as: UInt32.self)
  }

  @inline(__always) static func tag(at text: UnsafeMutableRawPointer) -> UInt64 { text.loadUnaligned(as: UInt64.self) }

  @inline(__always) static func slot(at text: UnsafeMutableRawPointer) -> Int {
    let digits = text.loadUnaligned(fromByteOffset: 32, as: UInt32.self)
    // '0'…'9' are 0x30…0x39, 'a'…'f' 0x61…0x66: the low four bits, and nine more for a letter.
    let values = (digits & 0x0F0F_0F0F) &+ (digits >> 6 & 0x0101_0101) &* 9
    let ordered = Int(values.byteSwapped)
    return ordered >> 12 & 0xF000 | ordered >> 8 & 0xF00 | ordered >> 4 & 0xF0 | ordered & 0xF
  }
}

/// Eight lower-case digits, the highest in the lowest byte, as they stand in a text.
@inline(__always) private func hexadecimal(_ value: UInt32) -> UInt64 {
  var digits = UInt64(value.byteSwapped)
  digits = (digits | digits << 16) & 0x0000_FFFF_0000_FFFF
  digits = (digits | digits << 8) & 0x00FF_00FF_00FF_00FF
  digits = (digits >> 4 | digits << 8) & 0x0F0F_0F0F_0F0F_0F0F
  let letters = (digits &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
  return digits &+ 0x3030_3030_3030_3030 &+ letters &* 39
}

/// A small generator whose cost does not show.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  @inline(__always) mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

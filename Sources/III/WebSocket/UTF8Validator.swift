/// Checks UTF-8 that arrives in parts; an invalid byte is reported when it arrives, not at the end.
package struct UTF8Validator: Sendable {
  /// How many bytes of the current sequence are missing.
  private var missing = 0
  /// The range of its next byte: narrower after E0, ED, F0 and F4 (no overlong forms, surrogates, or values above 10FFFF).
  private var low: UInt8 = 0x80
  private var high: UInt8 = 0xBF

  package init() {}

  /// Whether the text may end here: no sequence is incomplete.
  package var isComplete: Bool { missing == 0 }

  /// Takes the next part; returns false if no continuation can make the text valid.
  package mutating func accept(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    let count = bytes.count
    var at = 0
    while at < count {
      if missing == 0 {
        while count &- at >= 8,
          base.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          at &+= 8
        }
        guard at < count else { break }
        let byte = base.load(fromByteOffset: at, as: UInt8.self)
        at &+= 1
        if byte < 0x80 { continue }
        guard begin(byte) else { return false }
      }
      while missing > 0, at < count {
        let byte = base.load(fromByteOffset: at, as: UInt8.self)
        guard byte >= low, byte <= high else { return false }
        at &+= 1
        missing &-= 1
        low = 0x80
        high = 0xBF
      }
    }
    return true
  }

  /// Sets what follows the first byte of a sequence that is not ASCII (Unicode, table 3-7).
  @inline(__always)
  private mutating func begin(_ byte: UInt8) -> Bool {
    switch byte {
    case 0xC2...0xDF: missing = 1
    case 0xE0...0xEF:
      missing = 2
      if byte == 0xE0 { low = 0xA0 }
      if byte == 0xED { high = 0x9F }
    case 0xF0...0xF4:
      missing = 3
      if byte == 0xF0 { low = 0x90 }
      if byte == 0xF4 { high = 0x8F }
    default: return false
    }
    return true
  }

  /// Whether the bytes are a complete valid text.
  package static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var validator = UTF8Validator()
    return validator.accept(bytes) && validator.isComplete
  }
}

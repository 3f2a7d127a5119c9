/// Unpredictable numbers, read in blocks, so that a mask key costs no call.
///
/// A connection owns one; it allocates no memory before its first number. The first block is small and comes from the system, because
/// OpenSSL takes half a millisecond to start its generator; the others come from OpenSSL, which is faster then.
package struct RandomSource: RandomNumberGenerator, Sendable {
  /// 256 bytes.
  private static let firstBlockWords = 32
  /// 4 KiB.
  private static let blockWords = 512

  private var block: [UInt64] = []
  private var used = 0
  /// The unused half of the last word.
  private var spare: UInt32?

  package init() {}

  package mutating func next() -> UInt64 {
    if used == block.count { refill() }
    defer { used += 1 }
    return block[used]
  }

  /// A new, unpredictable key for one frame (RFC 6455 §5.3).
  package mutating func maskKey() -> UInt32 {
    if let key = spare {
      spare = nil
      return key
    }
    let word = next()
    spare = UInt32(truncatingIfNeeded: word >> 32)
    return UInt32(truncatingIfNeeded: word)
  }

  private mutating func refill() {
    used = 0
    let isFirst = block.isEmpty
    let count = isFirst ? Self.firstBlockWords : Self.blockWords
    if block.count != count { block = [UInt64](repeating: 0, count: count) }
    if !isFirst, block.withUnsafeMutableBytes({ OpenSSL.fillRandom($0) }) { return }
    // It is the first block, or OpenSSL has no entropy.
    var system = SystemRandomNumberGenerator()
    for index in block.indices { block[index] = system.next() }
  }

  /// Returns `count` unpredictable bytes, from the system: for a few.
  package static func bytes(_ count: Int) -> [UInt8] {
    var system = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &system) }
  }
}

private import COpenSSL
private import UV

/// Makes version 4 UUIDs from OpenSSL's random bytes, which are read for many ids at a time.
///
/// The owner of a generator uses it without a lock; those of `UUID128.random()` are shared.
package struct UUIDGenerator: Sendable {
  private static let blockCount = 128

  private static let shared = StripedLock { UUIDGenerator() }

  /// The next id of a generator that threads share.
  static func nextShared() -> UUID128 { shared.withLock { $0.next() } }

  private var words: [UInt64] = []
  private var used = 0

  package init() {}

  package mutating func next() -> UUID128 {
    if used == words.count { refill() }
    let high = words[used]
    let low = words[used + 1]
    used += 2
    return UUID128(high: high & ~0xF000 | 0x4000, low: low & ~(0b11 << 62) | 0b10 << 62)
  }

  private mutating func refill() {
    if words.isEmpty { words = [UInt64](repeating: 0, count: Self.blockCount * 2) }
    let filled = words.withUnsafeMutableBytes { bytes in
      guard let base = bytes.baseAddress else { return false }
      return copenssl_random(base, Int32(bytes.count)) == 1
    }
    if !filled {
      // If OpenSSL has no entropy, the system's generator is used.
      var system = SystemRandomNumberGenerator()
      for index in words.indices { words[index] = system.next() }
    }
    used = 0
  }
}

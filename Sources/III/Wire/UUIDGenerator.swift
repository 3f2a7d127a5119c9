private import UV

/// Makes version 4 UUIDs from random bytes that are read for many ids at a time.
///
/// The owner of a generator uses it without a lock; those of `UUID128.random()` are shared.
package struct UUIDGenerator: Sendable {
  private static let shared = StripedLock { UUIDGenerator() }

  /// The next id of a generator that threads share.
  static func nextShared() -> UUID128 { shared.withLock { $0.next() } }

  private var random = RandomSource()

  package init() {}

  package mutating func next() -> UUID128 {
    let high = random.next()
    let low = random.next()
    return UUID128(high: high & ~0xF000 | 0x4000, low: low & ~(0b11 << 62) | 0b10 << 62)
  }
}

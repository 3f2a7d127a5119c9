internal import UV

/// Ids and random shares that follow from a seed: the same ones in each run. Any thread may use it; the order of uses decides who gets
/// which.
package final class SeededRandom: Sendable {
  private struct State {
    var bits: UInt64
    var children: UInt64 = 0

    /// SplitMix64.
    mutating func next() -> UInt64 {
      bits &+= 0x9E37_79B9_7F4A_7C15
      return SeededRandom.mixed(bits)
    }
  }

  private let seed: UInt64
  private let state: Lock<State>

  package init(seed: UInt64) {
    self.seed = seed
    state = Lock(State(bits: SeededRandom.mixed(seed)))
  }

  /// A new source whose numbers do not depend on how much this one is used, only on how many were made before.
  package func child() -> SeededRandom {
    let number = state.withLock { state -> UInt64 in
      state.children += 1
      return state.children
    }
    return SeededRandom(seed: SeededRandom.mixed(seed) ^ SeededRandom.mixed(number &* 0xD134_2543_DE82_EF95))
  }

  /// A version 4 UUID.
  package func id() -> UUID128 {
    let (high, low) = state.withLock { ($0.next(), $0.next()) }
    return UUID128(high: high & ~0xF000 | 0x4000, low: low & ~(0b11 << 62) | 0b10 << 62)
  }

  /// A number from -1...1.
  package func share() -> Double { Double(next() >> 11) / Double(1 << 52) - 1 }

  package func next() -> UInt64 { state.withLock { $0.next() } }

  private static func mixed(_ bits: UInt64) -> UInt64 {
    var mixed = bits
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

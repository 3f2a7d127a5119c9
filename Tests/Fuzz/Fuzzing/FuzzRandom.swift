/// The chance of a run: the same seed makes the same frames.
package struct FuzzRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// A generator for a part of the run, that the rest does not depend on.
  package mutating func split() -> FuzzRandom { FuzzRandom(seed: next()) }

  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
  package mutating func oneIn(_ bound: Int) -> Bool { below(bound) == 0 }

  package mutating func pick<Items: RandomAccessCollection>(_ items: Items) -> Items.Element {
    items[items.index(items.startIndex, offsetBy: below(items.count))]
  }
}

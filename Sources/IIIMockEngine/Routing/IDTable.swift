internal import III

/// A hash table by UUID: open addressing with linear probing, nothing allocated once it has grown.
///
/// Ids come from outside: the seed, which differs from table to table, keeps them from being made to collide.
struct IDTable<Value> {
  private struct Entry {
    var id: UUID128
    var value: Value
  }

  private var entries: [Entry?]
  private(set) var count = 0
  private let seed: UInt64

  init(seed: UInt64 = .random(in: .min ... .max)) {
    entries = Array(repeating: nil, count: 64)
    self.seed = seed
  }

  @inline(__always) private func home(_ id: UUID128) -> Int {
    let product = (id.high ^ seed).multipliedFullWidth(by: id.low ^ 0xA076_1D64_78BD_642F)
    let mixed = (product.high ^ product.low ^ seed).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return Int(truncatingIfNeeded: mixed.high ^ mixed.low) & (entries.count &- 1)
  }

  @inline(__always) private func next(_ slot: Int) -> Int { (slot &+ 1) & (entries.count &- 1) }

  /// Where the id's entry is, else where it would be.
  @inline(__always) private func slot(of id: UUID128) -> (slot: Int, isTaken: Bool) {
    var slot = home(id)
    while let there = entries[slot]?.id {
      if there == id { return (slot, true) }
      slot = next(slot)
    }
    return (slot, false)
  }

  /// Sets the id's value; returns the one that it replaces.
  mutating func set(_ id: UUID128, _ value: Value) -> Value? {
    if (count &+ 1) &* 2 > entries.count { grow() }
    let (slot, isTaken) = slot(of: id)
    let old = isTaken ? entries[slot]?.value : nil
    entries[slot] = Entry(id: id, value: value)
    if !isTaken { count &+= 1 }
    return old
  }

  mutating func remove(_ id: UUID128) -> Value? {
    let found = slot(of: id)
    guard found.isTaken else { return nil }
    let value = entries[found.slot]?.value
    // Those behind that could not be found over the gap move up.
    var gap = found.slot
    var slot = next(gap)
    let mask = entries.count &- 1
    while let there = entries[slot]?.id {
      if (slot &- home(there)) & mask >= (slot &- gap) & mask {
        entries.swapAt(gap, slot)
        gap = slot
      }
      slot = next(slot)
    }
    entries[gap] = nil
    count &-= 1
    return value
  }

  private mutating func grow() {
    let old = entries
    entries = Array(repeating: nil, count: old.count * 2)
    for entry in old {
      guard let entry else { continue }
      entries[slot(of: entry.id).slot] = entry
    }
  }

  /// The entries that `isWanted`.
  func all(where isWanted: (Value) -> Bool) -> [(id: UUID128, value: Value)] {
    entries.compactMap { entry in entry.flatMap { isWanted($0.value) ? ($0.id, $0.value) : nil } }
  }
}

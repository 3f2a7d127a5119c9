internal import III

/// A hash table by UUID: open addressing with linear probing, nothing allocated once it has grown.
///
/// Ids come from outside: the seed, which differs from table to table, keeps them from being made to collide.
struct IDTable<Value> {
  // Apart, so that a search looks at ids only and moves no value about.
  private var ids: [UUID128]
  private var values: [Value?]
  private(set) var count = 0
  private let seed: UInt64

  private static var free: UUID128 { UUID128(high: 0, low: 0) }

  init(seed: UInt64 = .random(in: .min ... .max)) {
    ids = Array(repeating: IDTable.free, count: 64)
    values = Array(repeating: nil, count: 64)
    self.seed = seed
  }

  @inline(__always) private func home(_ id: UUID128) -> Int {
    let product = (id.high ^ seed).multipliedFullWidth(by: id.low ^ 0xA076_1D64_78BD_642F)
    let mixed = (product.high ^ product.low ^ seed).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return Int(truncatingIfNeeded: mixed.high ^ mixed.low) & (ids.count &- 1)
  }

  @inline(__always) private func next(_ slot: Int) -> Int { (slot &+ 1) & (ids.count &- 1) }

  /// The nil id marks a free slot, and is an id like any other where there is a value.
  @inline(__always) private func isTaken(_ slot: Int) -> Bool { ids[slot] != IDTable.free || values[slot] != nil }

  /// Where the id's entry is, else where it would be.
  @inline(__always) private func slot(of id: UUID128) -> (slot: Int, isTaken: Bool) {
    var slot = home(id)
    while isTaken(slot) {
      if ids[slot] == id { return (slot, true) }
      slot = next(slot)
    }
    return (slot, false)
  }

  /// Sets the id's value; returns the one that it replaces.
  mutating func set(_ id: UUID128, _ value: Value) -> Value? {
    if (count &+ 1) &* 2 > ids.count { grow() }
    let (slot, isTaken) = slot(of: id)
    var old: Value? = value
    swap(&old, &values[slot])
    ids[slot] = id
    if !isTaken { count &+= 1 }
    return old
  }

  mutating func remove(_ id: UUID128) -> Value? {
    let found = slot(of: id)
    guard found.isTaken else { return nil }
    var value: Value?
    swap(&value, &values[found.slot])
    // Those behind that could not be found over the gap move up.
    var gap = found.slot
    var slot = next(gap)
    let mask = ids.count &- 1
    while isTaken(slot) {
      if (slot &- home(ids[slot])) & mask >= (slot &- gap) & mask {
        ids[gap] = ids[slot]
        values.swapAt(gap, slot)
        gap = slot
      }
      slot = next(slot)
    }
    ids[gap] = IDTable.free
    count &-= 1
    return value
  }

  private mutating func grow() {
    let (oldIDs, oldValues) = (ids, values)
    ids = Array(repeating: IDTable.free, count: oldIDs.count * 2)
    values = Array(repeating: nil, count: oldIDs.count * 2)
    for (id, value) in zip(oldIDs, oldValues) {
      guard let value else { continue }
      let slot = slot(of: id).slot
      ids[slot] = id
      values[slot] = value
    }
  }

  /// The entries that `isWanted`.
  func all(where isWanted: (Value) -> Bool) -> [(id: UUID128, value: Value)] {
    zip(ids, values).compactMap { id, value in value.flatMap { isWanted($0) ? (id, $0) : nil } }
  }
}

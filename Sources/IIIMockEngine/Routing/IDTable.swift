internal import III

/// A hash table by UUID: open addressing with linear probing, nothing allocated once it has grown.
///
/// Ids come from outside: the seed, which differs from table to table, keeps them from being made to collide.
struct IDTable<Value> {
  // Apart, so that a search looks at ids only and moves no value about. The nil id marks a free slot; what stands under
  // it is kept apart.
  private var ids: [UUID128]
  private var values: [Value?]
  private var valueOfNil: Value?
  private(set) var count = 0
  private let seed: UInt64

  init(seed: UInt64 = .random(in: .min ... .max)) {
    ids = Array(repeating: UUID128(high: 0, low: 0), count: 64)
    values = Array(repeating: nil, count: 64)
    self.seed = seed
  }

  @inline(__always) private func home(_ id: UUID128) -> Int {
    let product = (id.high ^ seed).multipliedFullWidth(by: id.low ^ 0xA076_1D64_78BD_642F)
    let mixed = (product.high ^ product.low ^ seed).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return Int(truncatingIfNeeded: mixed.high ^ mixed.low) & (ids.count &- 1)
  }

  @inline(__always) private func next(_ slot: Int) -> Int { (slot &+ 1) & (ids.count &- 1) }

  // Word by word: `==` of a type of another module may be a call, and these are asked at every step of a search.
  @inline(__always) private func isNil(_ id: UUID128) -> Bool { id.high | id.low == 0 }
  @inline(__always) private func isTaken(_ slot: Int) -> Bool { !isNil(ids[slot]) }
  @inline(__always) private func isSame(_ a: UUID128, _ b: UUID128) -> Bool { (a.high ^ b.high) | (a.low ^ b.low) == 0 }

  /// Where the id's entry is, else where it would be.
  @inline(__always) private func slot(of id: UUID128) -> (slot: Int, isTaken: Bool) {
    var slot = home(id)
    while isTaken(slot) {
      if isSame(ids[slot], id) { return (slot, true) }
      slot = next(slot)
    }
    return (slot, false)
  }

  /// Sets the id's value; returns the one that it replaces.
  mutating func set(_ id: UUID128, _ value: consuming Value) -> Value? {
    if isNil(id) { return exchange(valueOfNil: value) }
    if (count &+ 1) &* 2 > ids.count { grow() }
    let (slot, isTaken) = slot(of: id)
    // Taken and not read: a value holds references, and a copy would count them up and down.
    let old = values[slot].take()
    values[slot] = consume value
    ids[slot] = id
    if !isTaken { count &+= 1 }
    return old
  }

  private mutating func exchange(valueOfNil value: Value?) -> Value? {
    let old = valueOfNil.take()
    valueOfNil = value
    count += (value == nil ? 0 : 1) - (old == nil ? 0 : 1)
    return old
  }

  mutating func remove(_ id: UUID128) -> Value? {
    if isNil(id) { return exchange(valueOfNil: nil) }
    let found = slot(of: id)
    guard found.isTaken else { return nil }
    let value = values[found.slot].take()
    // Those behind that could not be found over the gap move up.
    var gap = found.slot
    var slot = next(gap)
    let mask = ids.count &- 1
    while isTaken(slot) {
      if (slot &- home(ids[slot])) & mask >= (slot &- gap) & mask {
        ids[gap] = ids[slot]
        values[gap] = values[slot].take()
        gap = slot
      }
      slot = next(slot)
    }
    ids[gap] = UUID128(high: 0, low: 0)
    count &-= 1
    return value
  }

  private mutating func grow() {
    let (oldIDs, oldValues) = (ids, values)
    ids = Array(repeating: UUID128(high: 0, low: 0), count: oldIDs.count * 2)
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
    var all = zip(ids, values).compactMap { id, value in value.flatMap { isWanted($0) ? (id: id, value: $0) : nil } }
    if let valueOfNil, isWanted(valueOfNil) { all.append((UUID128(high: 0, low: 0), valueOfNil)) }
    return all
  }
}

internal import III

/// A hash table by UUID: open addressing with linear probing. It allocates when it grows or, after a peak, shrinks.
///
/// Ids come from outside: the seed differs from table to table, so that nobody can make them collide.
struct IDTable<Value> {
  // Apart, so that a search looks at ids only and moves no value. The nil id marks a free slot; its own value is kept in
  // `valueOfNil`.
  private var ids: [UUID128]
  private var values: [Value?]
  private var valueOfNil: Value?
  private(set) var count = 0
  private let seed: UInt64

  private static var nilID: UUID128 { UUID128(high: 0, low: 0) }

  init(seed: UInt64 = .random(in: .min ... .max)) {
    ids = Array(repeating: Self.nilID, count: 64)
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

  /// Where the id's entry is, or where it would be placed.
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
    if (count &+ 1) &* 2 > ids.count { resize(to: ids.count &* 2) }
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
    ids[gap] = Self.nilID
    count &-= 1
    if ids.count > 4096 && count < ids.count / 16 { resize(to: ids.count / 4) }
    return value
  }

  private mutating func resize(to size: Int) {
    let (oldIDs, oldValues) = (ids, values)
    ids = Array(repeating: Self.nilID, count: size)
    values = Array(repeating: nil, count: size)
    for (id, value) in zip(oldIDs, oldValues) {
      guard let value else { continue }
      let slot = slot(of: id).slot
      ids[slot] = id
      values[slot] = value
    }
  }

  subscript(id: UUID128) -> Value? {
    if isNil(id) { return valueOfNil }
    let found = slot(of: id)
    return found.isTaken ? values[found.slot] : nil
  }
}

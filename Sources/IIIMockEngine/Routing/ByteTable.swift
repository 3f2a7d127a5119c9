internal import III

/// A hash table whose keys are looked up as bytes of a message, with nothing allocated.
///
/// Open addressing with linear probing over the places of entries; an entry that is removed leaves its place to the
/// last one. The seed differs from table to table, for keys come from outside.
struct ByteTable<Value> {
  private struct Entry {
    var hash: UInt64
    var key: [UInt8]
    var value: Value
  }

  private var entries: [Entry] = []
  /// The number of an entry plus one; 0 is free.
  private var slots: [UInt32]
  private let seed: UInt64

  init(seed: UInt64 = .random(in: .min ... .max)) {
    slots = Array(repeating: 0, count: 64)
    self.seed = seed
  }

  var count: Int { entries.count }
  var values: [Value] { entries.map(\.value) }

  /// The number of the key's entry, good until the table is changed.
  func find(_ key: ByteView) -> Int? {
    let hash = ByteTable.hash(key, seed: seed)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let number = slots[slot]
      if number == 0 { return nil }
      let index = Int(number) - 1
      if entries[index].hash == hash, entries[index].key.withView({ $0 == key }) { return index }
      slot = (slot &+ 1) & mask
    }
  }

  /// The value of the entry with that number.
  subscript(index: Int) -> Value {
    get { entries[index].value }
    _modify { yield &entries[index].value }
  }

  /// Sets the key's value; returns the one that it replaces.
  @discardableResult mutating func set(_ key: ByteView, _ value: Value) -> Value? {
    if let index = find(key) {
      let old = entries[index].value
      entries[index].value = value
      return old
    }
    if (entries.count + 1) * 2 > slots.count { grow() }
    let hash = ByteTable.hash(key, seed: seed)
    entries.append(Entry(hash: hash, key: key.array, value: value))
    place(UInt32(entries.count), hash)
    return nil
  }

  @discardableResult mutating func remove(_ key: ByteView) -> Value? {
    guard let index = find(key) else { return nil }
    let value = entries[index].value
    free(slotOf: index)
    let last = entries.count - 1
    if index != last {
      slots[slot(of: last)] = UInt32(index + 1)
      entries[index] = entries[last]
    }
    entries.removeLast()
    return value
  }

  private mutating func grow() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for (index, entry) in entries.enumerated() { place(UInt32(index + 1), entry.hash) }
  }

  private mutating func place(_ number: UInt32, _ hash: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 { slot = (slot &+ 1) & mask }
    slots[slot] = number
  }

  private func slot(of index: Int) -> Int {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
    while slots[slot] != UInt32(index + 1) { slot = (slot &+ 1) & mask }
    return slot
  }

  /// Frees an entry's slot and moves up those behind it that could not be found over the gap.
  private mutating func free(slotOf index: Int) {
    let mask = slots.count - 1
    var gap = slot(of: index)
    var next = (gap + 1) & mask
    while slots[next] != 0 {
      let home = Int(truncatingIfNeeded: entries[Int(slots[next]) - 1].hash) & mask
      if (next &- home) & mask >= (next &- gap) & mask {
        slots[gap] = slots[next]
        gap = next
      }
      next = (next + 1) & mask
    }
    slots[gap] = 0
  }

  /// Eight bytes at a time, each folded in by a full multiplication.
  private static func hash(_ key: ByteView, seed: UInt64) -> UInt64 {
    var hash = seed ^ UInt64(truncatingIfNeeded: key.count) &* 0x9E37_79B9_7F4A_7C15
    var offset = 0
    while offset &+ 8 <= key.count {
      hash = fold(hash ^ key.word(at: offset))
      offset &+= 8
    }
    var rest: UInt64 = 0
    while offset < key.count {
      rest = rest << 8 | UInt64(key[offset])
      offset &+= 1
    }
    return fold(hash ^ rest)
  }

  @inline(__always) private static func fold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
    return product.high ^ product.low
  }
}

internal import III

/// A hash table by `ByteKey` that is also searched by bytes of a message, with nothing allocated.
///
/// An entry has a number that stays the same until it is removed: other structures refer to it by that. Open addressing
/// with linear probing over the numbers. The seed differs from table to table, because keys come from outside.
struct ByteTable<Value> {
  private var values = NumberedValues<Value>()
  // By number. Apart from the values, so that a search copies none.
  private var keys: [ByteKey] = []
  private var hashes: [UInt64] = []
  /// The number of an entry plus one; 0 is free.
  private var slots: [UInt32]
  private let seed: UInt64

  private static var minimumSlots: Int { 64 }

  init(seed: UInt64 = .random(in: .min ... .max)) {
    slots = Array(repeating: 0, count: Self.minimumSlots)
    self.seed = seed
  }

  var count: Int { values.count }

  /// For how many entries memory is held.
  var capacity: Int { values.capacity }

  var all: [Value] { values.all }

  /// Whether the table holds much more memory than its entries take: the owner builds it again.
  var isSparse: Bool { values.isSparse }

  /// The number of the key's entry.
  func find(_ key: ByteView) -> UInt32? {
    let hash = ByteTable.hash(key, seed: seed)
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let number = slots[slot]
      if number == 0 { return nil }
      let index = Int(number) - 1
      if hashes[index] == hash, keys[index] == key { return number - 1 }
      slot = (slot &+ 1) & mask
    }
  }

  /// The number of the key's entry.
  func find(_ key: ByteKey) -> UInt32? { key.withBytes { find($0) } }

  /// The value under an entry's number; it must be there to be set.
  subscript(number: UInt32) -> Value? {
    get { values[number] }
    _modify { yield &values[number] }
  }

  /// The value of a key.
  subscript(key: ByteKey) -> Value? { find(key).flatMap { values[$0] } }

  /// Sets the key's value; returns the number of its entry and the value that it replaces.
  @discardableResult mutating func set(_ key: ByteKey, _ value: Value) -> (number: UInt32, old: Value?) {
    if let number = find(key) {
      let old = values[number]
      values[number] = value
      return (number, old)
    }
    if (count + 1) * 2 > slots.count { resize(to: slots.count * 2) }
    let hash = key.withBytes { ByteTable.hash($0, seed: seed) }
    let number = values.insert(value)
    if Int(number) == keys.count {
      keys.append(key)
      hashes.append(hash)
    } else {
      keys[Int(number)] = key
      hashes[Int(number)] = hash
    }
    place(number, hash)
    return (number, nil)
  }

  /// Removes the entry with that number.
  @discardableResult mutating func remove(_ number: UInt32) -> Value? {
    guard let value = values.remove(number) else { return nil }
    free(slotOf: number)
    keys[Int(number)] = ""
    if slots.count > 4096 && count < slots.count / 16 { resize(to: slots.count / 4) }
    return value
  }

  @discardableResult mutating func remove(_ key: ByteKey) -> Value? { find(key).flatMap { remove($0) } }

  private mutating func resize(to count: Int) {
    let numbers = slots.filter { $0 != 0 }
    slots = Array(repeating: 0, count: count)
    for number in numbers { place(number - 1, hashes[Int(number - 1)]) }
  }

  private mutating func place(_ number: UInt32, _ hash: UInt64) {
    let mask = slots.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 { slot = (slot &+ 1) & mask }
    slots[slot] = number + 1
  }

  /// Frees an entry's slot and moves up those behind it that could not be found over the gap.
  private mutating func free(slotOf number: UInt32) {
    let mask = slots.count - 1
    var gap = Int(truncatingIfNeeded: hashes[Int(number)]) & mask
    while slots[gap] != number + 1 { gap = (gap &+ 1) & mask }
    var next = (gap + 1) & mask
    while slots[next] != 0 {
      let home = Int(truncatingIfNeeded: hashes[Int(slots[next]) - 1]) & mask
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

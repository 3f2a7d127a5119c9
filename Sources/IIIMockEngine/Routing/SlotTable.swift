/// Values at small numbers that are used again, each user under a `PeerID` of its own.
struct SlotTable<Value> {
  private var values: [Value?] = []
  private var generations: [UInt32] = []
  /// Slots to use again; those beyond the end of the table, or in use, are skipped.
  private var free: [UInt32] = []
  /// Goes up with every user: a slot that was dropped from the end of the table forgets its users.
  private var generation: UInt32 = 0
  private(set) var count = 0

  /// How many slots there are, free ones included.
  var capacity: Int { values.count }

  mutating func insert(_ make: (PeerID) -> Value) -> PeerID {
    count += 1
    generation &+= 1
    while let slot = free.popLast() {
      guard Int(slot) < values.count, values[Int(slot)] == nil else { continue }
      let id = PeerID(slot: slot, generation: generation)
      generations[Int(slot)] = generation
      values[Int(slot)] = make(id)
      return id
    }
    let id = PeerID(slot: UInt32(values.count), generation: generation)
    values.append(make(id))
    generations.append(generation)
    return id
  }

  /// Whether the id's user is still there.
  func contains(_ id: PeerID) -> Bool {
    id.slot < UInt32(values.count) && generations[Int(id.slot)] == id.generation && values[Int(id.slot)] != nil
  }

  subscript(id: PeerID) -> Value? {
    get { contains(id) ? values[Int(id.slot)] : nil }
    _modify {
      // A value that is set under the id of a user that has left is dropped.
      var nothing: Value?
      if contains(id) { yield &values[Int(id.slot)] } else { yield &nothing }
    }
  }

  @discardableResult mutating func remove(_ id: PeerID) -> Value? {
    guard contains(id) else { return nil }
    let value = values[Int(id.slot)].take()
    count -= 1
    if Int(id.slot) == values.count - 1 {
      dropFreeSlots()
    } else {
      free.append(id.slot)
    }
    return value
  }

  private mutating func dropFreeSlots() {
    while let last = values.last, last == nil {
      values.removeLast()
      generations.removeLast()
    }
    if values.isEmpty { free = [] }
    values.releaseUnusedCapacity()
    generations.releaseUnusedCapacity()
  }

  /// All values, in the order of their slots.
  var all: [Value] { values.compactMap { $0 } }
}

/// Values at small numbers that are used again, each user under a `PeerID` of its own.
struct SlotTable<Value> {
  private var values: [Value?] = []
  private var generations: [UInt32] = []
  private var free: [UInt32] = []
  private(set) var count = 0

  mutating func insert(_ make: (PeerID) -> Value) -> PeerID {
    count += 1
    if let slot = free.popLast() {
      let id = PeerID(slot: slot, generation: generations[Int(slot)])
      values[Int(slot)] = make(id)
      return id
    }
    let id = PeerID(slot: UInt32(values.count), generation: 0)
    values.append(make(id))
    generations.append(0)
    return id
  }

  /// Whether the id's user is still there.
  func contains(_ id: PeerID) -> Bool {
    id.slot < UInt32(values.count) && generations[Int(id.slot)] == id.generation && values[Int(id.slot)] != nil
  }

  subscript(id: PeerID) -> Value? {
    get { contains(id) ? values[Int(id.slot)] : nil }
    _modify {
      // Writing under an id that has gone goes nowhere.
      var nothing: Value?
      if contains(id) { yield &values[Int(id.slot)] } else { yield &nothing }
    }
  }

  @discardableResult mutating func remove(_ id: PeerID) -> Value? {
    guard contains(id) else { return nil }
    let value = values[Int(id.slot)]
    values[Int(id.slot)] = nil
    generations[Int(id.slot)] &+= 1
    free.append(id.slot)
    count -= 1
    return value
  }

  /// Everybody there, in the order of their places.
  var all: [Value] { values.compactMap { $0 } }
}

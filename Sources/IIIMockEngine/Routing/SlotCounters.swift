/// A count for each `PeerID` that is in use, apart from its other values: it changes with every message.
struct SlotCounters {
  private var counters: [(generation: UInt32, count: Int)] = []

  /// Begins a peer's count at 0.
  mutating func begin(_ id: PeerID) {
    let slot = Int(id.slot)
    while counters.count <= slot { counters.append((generation: 0, count: 0)) }
    counters[slot] = (generation: id.generation, count: 0)
  }

  /// The peer's count; 0 of one that has gone.
  subscript(id: PeerID) -> Int {
    let slot = Int(id.slot)
    guard slot < counters.count, counters[slot].generation == id.generation else { return 0 }
    return counters[slot].count
  }

  /// Adds to the peer's count, if it has not gone.
  mutating func add(_ change: Int, to id: PeerID) {
    let slot = Int(id.slot)
    guard slot < counters.count, counters[slot].generation == id.generation else { return }
    counters[slot].count += change
  }
}

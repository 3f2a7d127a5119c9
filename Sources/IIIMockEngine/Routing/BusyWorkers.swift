internal import III

/// What nearly every message reads or changes of a worker, apart from its record.
struct BusyWorkers {
  private struct Entry {
    var generation: UInt32
    var id: UUID128
    var waiting: Int
    /// If its messages are checked.
    var access: ConnectionAccess?
  }

  /// By slot.
  private var entries: [Entry] = []

  /// Enters a new worker, which has no calls in flight.
  mutating func begin(_ peer: PeerID, id: UUID128, access: ConnectionAccess?) {
    let slot = Int(peer.slot)
    // Generation 0 is never given to a connection.
    while entries.count <= slot { entries.append(Entry(generation: 0, id: id, waiting: 0, access: nil)) }
    entries[slot] = Entry(generation: peer.generation, id: id, waiting: 0, access: access)
  }

  /// Removes a worker that has left.
  mutating func end(_ peer: PeerID) {
    guard has(peer) else { return }
    entries[Int(peer.slot)].generation = 0
    entries[Int(peer.slot)].access = nil
    while entries.last?.generation == 0 { entries.removeLast() }
    entries.releaseUnusedCapacity()
  }

  @inline(__always) private func has(_ peer: PeerID) -> Bool {
    Int(peer.slot) < entries.count && entries[Int(peer.slot)].generation == peer.generation
  }

  /// The worker's id.
  func id(of peer: PeerID) -> UUID128? { has(peer) ? entries[Int(peer.slot)].id : nil }

  /// The calls in which the worker takes part: those in flight, where a call to itself counts once, and those that the
  /// engine itself answers and has not answered yet.
  func active(_ peer: PeerID, in calls: InvocationTable) -> Int {
    calls.active(peer) + (has(peer) ? entries[Int(peer.slot)].waiting : 0)
  }

  /// What the messages of the worker are checked against; `nil` if they are not checked.
  @inline(__always) func access(of peer: PeerID) -> ConnectionAccess? {
    has(peer) ? entries[Int(peer.slot)].access : nil
  }

  /// The messages of a worker are checked from now on, or no more.
  mutating func set(_ access: ConnectionAccess?, of peer: PeerID) {
    if has(peer) { entries[Int(peer.slot)].access = access }
  }

  /// Adds to the worker's calls that the engine itself answers.
  mutating func add(_ change: Int, to peer: PeerID) { if has(peer) { entries[Int(peer.slot)].waiting += change } }
}

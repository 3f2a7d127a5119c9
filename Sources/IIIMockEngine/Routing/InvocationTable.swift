internal import III

/// A call that waits for its callee.
struct Invocation {
  let id: UUID128
  /// The order of its beginning.
  let sequence: UInt64
  /// `.none` if nobody waits for the answer.
  var caller: PeerID
  let callee: PeerID
  let name: FunctionName
  /// What the answer repeats of the call's trace headers.
  let trace: TraceHeaders?
  /// When it came, by the engine's time source.
  let begun: UInt64
}

/// The calls in flight, under their ids: one table for the whole engine.
///
/// The calls of a peer are linked, those that it made and those that it was given: its end costs as much as it had.
struct InvocationTable {
  /// Which of a peer's two lists: the place of its first call, and half the place of a link.
  private enum Side: Int {
    case made, given
  }

  /// A place for a call. What the end of a call changes lies together, because every array costs a check on each change.
  private struct Place {
    /// `nil` while the place is free.
    var call: Invocation?
    /// The next and the previous call that its caller made, then those that its callee was given. In a free place, the
    /// next free one.
    var links: SIMD4<UInt32>
  }

  private struct PeerCalls {
    /// The newest call of each side.
    var first = SIMD2<UInt32>(repeating: InvocationTable.end)
    /// Calls in which the peer takes part; one to itself counts once.
    var active: UInt32 = 0
  }

  private static let end = UInt32.max
  /// So many are kept where nothing is in flight: they are not made again with each call.
  private static let keptPeers = 64

  private var numbers = IDTable<UInt32>()
  private var places: [Place] = []
  private var firstFree = InvocationTable.end
  /// By the slot of the peer.
  private var peers: [PeerCalls] = []
  private var sequence: UInt64 = 0
  private(set) var count = 0

  /// All calls, in no order.
  var all: [Invocation] { places.compactMap(\.call) }

  func contains(_ id: UUID128) -> Bool { numbers[id] != nil }

  /// For how many calls memory is held.
  var capacity: Int { places.count }

  /// Calls in flight in which a peer takes part; a call to itself counts once.
  func active(_ peer: PeerID) -> Int {
    let slot = Int(peer.slot)
    return peer.isConnection && slot < peers.count ? Int(peers[slot].active) : 0
  }

  /// Notes a call; returns the one that it displaces, if its id was in flight.
  mutating func insert(
    _ id: UUID128, caller: PeerID, callee: PeerID, name: FunctionName, trace: TraceHeaders?, at now: UInt64
  ) -> Invocation? {
    sequence += 1
    return insert(
      Invocation(id: id, sequence: sequence, caller: caller, callee: callee, name: name, trace: trace, begun: now))
  }

  private mutating func insert(_ call: consuming Invocation) -> Invocation? {
    let (id, caller, callee) = (call.id, call.caller, call.callee)
    var links = SIMD4<UInt32>(repeating: Self.end)
    let number = firstFree == Self.end ? UInt32(places.count) : firstFree
    if caller.isConnection { links[0] = enter(number, .made, of: caller) }
    if callee.isConnection { links[2] = enter(number, .given, of: callee, counts: callee != caller) }
    if firstFree == Self.end {
      places.append(Place(call: consume call, links: links))
    } else {
      firstFree = places[Int(number)].links[0]
      places[Int(number)] = Place(call: consume call, links: links)
    }
    count &+= 1
    return numbers.set(id, number).flatMap { take($0) }
  }

  /// Makes a call the first one of a peer's list; returns the one that comes after it.
  @inline(__always) private mutating func enter(
    _ number: UInt32, _ side: Side, of peer: PeerID, counts: Bool = true
  ) -> UInt32 {
    let slot = Int(peer.slot)
    while peers.count <= slot { peers.append(PeerCalls()) }
    var calls = peers[slot]
    let next = calls.first[side.rawValue]
    calls.first[side.rawValue] = number
    if counts { calls.active &+= 1 }
    peers[slot] = calls
    if next != Self.end { places[Int(next)].links[side.rawValue &* 2 &+ 1] = number }
    return next
  }

  mutating func remove(_ id: UUID128) -> Invocation? {
    guard let number = numbers.remove(id) else { return nil }
    let call = take(number)
    if isSparse { rebuild() }
    return call
  }

  /// Removes the calls in which a peer takes part, in the order of their beginning.
  mutating func removeAll(of peer: PeerID) -> [Invocation] {
    let slot = Int(peer.slot)
    guard peer.isConnection, slot < peers.count else { return [] }
    var ended: [Invocation] = []
    for side in [Side.made, .given] {
      // A call to itself is in both lists, and taken with the first.
      while peers.count > slot, peers[slot].first[side.rawValue] != Self.end {
        guard let call = take(peers[slot].first[side.rawValue]) else { break }
        _ = numbers.remove(call.id)
        ended.append(call)
      }
    }
    if isSparse { rebuild() }
    return ended.sorted { $0.sequence < $1.sequence }
  }

  private mutating func take(_ number: UInt32) -> Invocation? {
    // Taken and not read: a call holds references, and a copy would count them up and down.
    guard let call = places[Int(number)].call.take() else { return nil }
    let links = places[Int(number)].links
    places[Int(number)].links[0] = firstFree
    firstFree = number
    count &-= 1
    if call.caller.isConnection { leave(links, .made, of: call.caller) }
    if call.callee.isConnection { leave(links, .given, of: call.callee, counts: call.callee != call.caller) }
    return call
  }

  /// Takes the call with these links out of a peer's list.
  @inline(__always) private mutating func leave(
    _ links: SIMD4<UInt32>, _ side: Side, of peer: PeerID, counts: Bool = true
  ) {
    let (next, previous) = (links[side.rawValue &* 2], links[side.rawValue &* 2 &+ 1])
    if next != Self.end { places[Int(next)].links[side.rawValue &* 2 &+ 1] = previous }
    let slot = Int(peer.slot)
    var calls = peers[slot]
    if previous == Self.end {
      calls.first[side.rawValue] = next
    } else {
      places[Int(previous)].links[side.rawValue &* 2] = next
    }
    if counts { calls.active &-= 1 }
    peers[slot] = calls
    if calls.active == 0 && slot == peers.count &- 1 && slot >= Self.keptPeers { dropIdlePeers() }
  }

  private mutating func dropIdlePeers() {
    while peers.count > Self.keptPeers, let last = peers.last, last.active == 0,
      last.first == SIMD2(repeating: Self.end)
    {
      peers.removeLast()
    }
    peers.releaseUnusedCapacity()
  }

  /// Whether memory for many more calls is held than there are.
  private var isSparse: Bool { places.count >= 4096 && count < places.count / 8 }

  /// Gives memory back after a peak; what that costs was paid by as many removals.
  private mutating func rebuild() {
    let all = all
    numbers = IDTable()
    places = []
    firstFree = Self.end
    peers = []
    count = 0
    for call in all { _ = insert(call) }
  }
}

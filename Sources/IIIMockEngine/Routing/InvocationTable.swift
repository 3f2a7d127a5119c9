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
  private var numbers = IDTable<UInt32>()
  private var calls = NumberedValues<Invocation>()
  // By the slot of the peer.
  private var made = NumberLists()
  private var given = NumberLists()
  private var sequence: UInt64 = 0

  var count: Int { calls.count }

  /// All calls, in no order.
  var all: [Invocation] { calls.all }

  func contains(_ id: UUID128) -> Bool { numbers[id] != nil }

  /// For how many calls memory is held.
  var capacity: Int { calls.capacity }

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
    let number = calls.insert(call)
    if caller.isConnection { made.insert(number, into: caller.slot) }
    if callee.isConnection { given.insert(number, into: callee.slot) }
    return numbers.set(id, number).flatMap { take($0) }
  }

  mutating func remove(_ id: UUID128) -> Invocation? {
    guard let number = numbers.remove(id) else { return nil }
    let call = take(number)
    if calls.isSparse { rebuild() }
    return call
  }

  /// Removes the calls in which a peer takes part, in the order of their beginning.
  mutating func removeAll(of peer: PeerID) -> [Invocation] {
    guard peer.isConnection else { return [] }
    var ended: [Invocation] = []
    // A call to itself is in both lists, and taken once.
    for number in made.numbers(of: peer.slot) + given.numbers(of: peer.slot) {
      guard let call = take(number) else { continue }
      _ = numbers.remove(call.id)
      ended.append(call)
    }
    if calls.isSparse { rebuild() }
    return ended.sorted { $0.sequence < $1.sequence }
  }

  private mutating func take(_ number: UInt32) -> Invocation? {
    guard let call = calls.remove(number) else { return nil }
    if call.caller.isConnection { made.remove(number, from: call.caller.slot) }
    if call.callee.isConnection { given.remove(number, from: call.callee.slot) }
    return call
  }

  /// Gives memory back after a peak.
  private mutating func rebuild() {
    let all = calls.all
    numbers = IDTable()
    calls = NumberedValues()
    made = NumberLists()
    given = NumberLists()
    for call in all { _ = insert(call) }
  }
}

internal import III

/// A call that waits for its callee.
struct Invocation {
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

/// The calls in flight between workers, under their ids: one table for the whole engine.
struct InvocationTable {
  private var table = IDTable<Invocation>()
  private var sequence: UInt64 = 0

  var count: Int { table.count }

  /// Notes a call; returns the one that it displaces, if its id was in flight.
  mutating func insert(
    _ id: UUID128, caller: PeerID, callee: PeerID, name: FunctionName, trace: TraceHeaders?, at now: UInt64
  ) -> Invocation? {
    sequence += 1
    return table.set(
      id, Invocation(sequence: sequence, caller: caller, callee: callee, name: name, trace: trace, begun: now))
  }

  mutating func remove(_ id: UUID128) -> Invocation? { table.remove(id) }

  /// Removes the calls in which a peer takes part, in the order of their beginning.
  mutating func removeAll(of peer: PeerID) -> [(id: UUID128, invocation: Invocation)] {
    let ended = table.all { $0.caller == peer || $0.callee == peer }.sorted { $0.value.sequence < $1.value.sequence }
    for (id, _) in ended { _ = table.remove(id) }
    return ended.map { ($0.id, $0.value) }
  }
}

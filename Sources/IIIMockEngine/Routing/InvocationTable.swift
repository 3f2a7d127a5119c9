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
}

/// The calls in flight between workers, under their ids: one table for the whole engine.
struct InvocationTable {
  private var table: [UUID128: Invocation] = [:]
  private var sequence: UInt64 = 0

  var count: Int { table.count }

  /// Notes a call; returns the one that it displaces, if its id was in flight.
  mutating func insert(
    _ id: UUID128, caller: PeerID, callee: PeerID, name: FunctionName, trace: TraceHeaders?
  ) -> Invocation? {
    sequence += 1
    return table.updateValue(
      Invocation(sequence: sequence, caller: caller, callee: callee, name: name, trace: trace), forKey: id)
  }

  mutating func remove(_ id: UUID128) -> Invocation? { table.removeValue(forKey: id) }

  /// Removes the calls in which a peer takes part, in the order of their beginning.
  mutating func removeAll(of peer: PeerID) -> [(id: UUID128, invocation: Invocation)] {
    let ended = table.filter { $0.value.caller == peer || $0.value.callee == peer }
      .sorted { $0.value.sequence < $1.value.sequence }
    for (id, _) in ended { table[id] = nil }
    return ended.map { ($0.key, $0.value) }
  }
}

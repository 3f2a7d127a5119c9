internal import III

/// The calls of built-in workers and of access control that wait for an answer.
struct EngineCallTable {
  struct Entry {
    let caller: BuiltInID?
    let functionID: ByteKey
    let purpose: EngineCall.Purpose
    /// The invocation, if the callee is a worker.
    var invocation: UUID128?
    /// The deadline, or the moment at which a call without an answer is reported.
    var timer: TimerToken?
  }

  private var entries: [EngineCallKey: Entry] = [:]
  private var last: UInt32 = 0

  var count: Int { entries.count }

  mutating func insert(_ entry: Entry) -> EngineCallKey {
    // Keys are used again after 4 billion calls; one that is still in use then is passed over.
    repeat { last &+= 1 } while entries[EngineCallKey(slot: last)] != nil
    let key = EngineCallKey(slot: last)
    entries[key] = entry
    return key
  }

  subscript(key: EngineCallKey) -> Entry? {
    get { entries[key] }
    _modify { yield &entries[key] }
  }

  mutating func remove(_ key: EngineCallKey) -> Entry? { entries.removeValue(forKey: key) }
}

/// Calls that wait for a connection, oldest first, and no more of them than allowed.
struct OutboundQueue {
  /// A frame that belongs to a call, or to nobody who waits.
  struct Entry {
    var call: UUID128?
    var frame: [UInt8]
  }

  private let capacity: Int
  private var entries = FIFO<Entry>()
  /// Entries whose caller has stopped to wait; they are passed over, and cleared away when they are many.
  private var forgotten = Set<UUID128>()

  init(capacity: Int) { self.capacity = max(0, capacity) }

  var count: Int { entries.count - forgotten.count }

  /// Takes an entry in; gives back what had to leave for it: the oldest, or the entry itself where none may wait.
  mutating func append(_ entry: Entry) -> Entry? {
    entries.append(entry)
    return count > capacity ? popFirst() : nil
  }

  mutating func popFirst() -> Entry? {
    while let entry = entries.popFirst() {
      if let call = entry.call, forgotten.remove(call) != nil { continue }
      return entry
    }
    return nil
  }

  /// Leaves out the entry of a call, which must be here.
  mutating func forget(_ call: UUID128) {
    forgotten.insert(call)
    guard forgotten.count > 64 && forgotten.count > count else { return }
    let unwanted = forgotten
    entries.removeAll { $0.call.map(unwanted.contains) ?? false }
    forgotten = []
  }

  mutating func removeAll() {
    _ = entries.removeAll()
    forgotten = []
  }
}

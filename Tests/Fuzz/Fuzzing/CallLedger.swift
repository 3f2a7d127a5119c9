import III

/// The calls whose end is owed: each must end once, on the connection that made it.
struct CallLedger {
  private var open: [UUID128: Entry] = [:]
  private var sequence: UInt64 = 0
  private(set) var started = 0
  private(set) var ended = 0
  /// Calls whose caller's connection ended first.
  private(set) var lost = 0

  private struct Entry {
    let caller: ObjectIdentifier
    let mustEndNow: Bool
    let function: String
  }

  /// Ids that no recorded message has, however it is mutated.
  private static let mark: UInt64 = 0xF022_0000_0000_4000

  /// Notes a call. One that need not end now ends at the latest when its callee has left.
  mutating func start(by caller: AnyObject, of function: String, mustEndNow: Bool) -> UUID128 {
    sequence += 1
    started += 1
    let id = UUID128(high: CallLedger.mark, low: 0x8000_0000_0000_0000 | sequence)
    open[id] = Entry(caller: ObjectIdentifier(caller), mustEndNow: mustEndNow, function: function)
    return id
  }

  /// A result came; returns what is wrong with that.
  mutating func end(_ id: UUID128, at caller: AnyObject) -> String? {
    guard id.high == CallLedger.mark else { return nil }
    guard let entry = open[id] else {
      return id.low & ~(1 << 63) <= sequence ? "\(id) ended twice, or after its connection" : nil
    }
    guard entry.caller == ObjectIdentifier(caller) else { return "\(id) ended at another connection than its caller's" }
    open[id] = nil
    ended += 1
    return nil
  }

  mutating func forget(_ caller: AnyObject) {
    let before = open.count
    open = open.filter { $0.value.caller != ObjectIdentifier(caller) }
    lost += before - open.count
  }

  /// Whether a call of this caller is open that must end now.
  func awaits(_ caller: AnyObject) -> Bool {
    open.values.contains { $0.mustEndNow && $0.caller == ObjectIdentifier(caller) }
  }

  var isEmpty: Bool { open.isEmpty }
  /// Some of the open calls, for the words of a failure.
  var openCalls: String { open.prefix(5).map { "\($0.key) of \($0.value.function)" }.joined(separator: ", ") }
}

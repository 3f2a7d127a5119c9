/// The triggers of one type, as a built-in worker keeps them.
struct BuiltInTriggers {
  /// By the order of registration, which no two triggers share.
  private var entries: [UInt64: TriggerEntry] = [:]

  var isEmpty: Bool { entries.isEmpty }

  /// In the order of their registration.
  var inOrder: [TriggerEntry] { entries.values.sorted { $0.sequence < $1.sequence } }

  mutating func insert(_ trigger: TriggerEntry, replacing old: TriggerEntry?) {
    if let old { entries[old.sequence] = nil }
    entries[trigger.sequence] = trigger
  }

  mutating func remove(_ trigger: TriggerEntry) { entries[trigger.sequence] = nil }
}

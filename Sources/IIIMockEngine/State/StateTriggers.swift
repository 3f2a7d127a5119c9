/// The `state` triggers, found by the change that they are about: a change looks at those that match it and no others.
struct StateTriggers<ID: Hashable, Trigger> {
  /// What all triggers of one group have in common.
  private struct Group: Hashable {
    let scope: [UInt8]?
    let key: [UInt8]?
  }

  private var groups: [Group: OrderedTable<ID, (sequence: UInt64, trigger: Trigger)>] = [:]
  private var groupOf: [ID: Group] = [:]
  private var sequence: UInt64 = 0

  var isEmpty: Bool { groupOf.isEmpty }

  /// Adds a trigger; one that had its id is replaced.
  mutating func add(_ id: ID, _ filter: StateTriggerFilter, _ trigger: Trigger) {
    remove(id)
    let group = Group(scope: filter.scope, key: filter.key)
    sequence += 1
    groupOf[id] = group
    groups[group, default: OrderedTable()].set(id, (sequence, trigger))
  }

  @discardableResult mutating func remove(_ id: ID) -> Trigger? {
    guard let group = groupOf.removeValue(forKey: id) else { return nil }
    let removed = groups[group]?.remove(id)
    if groups[group]?.isEmpty == true { groups[group] = nil }
    return removed?.trigger
  }

  /// Changes a trigger in place; `nil` if there is none.
  mutating func modify<Result>(_ id: ID, _ body: (inout Trigger) -> Result) -> Result? {
    guard let group = groupOf[id] else { return nil }
    return groups[group]?.modify(id) { body(&$0.trigger) }
  }

  func trigger(_ id: ID) -> Trigger? { groupOf[id].flatMap { groups[$0]?[id]?.trigger } }

  /// The ids of the triggers that match a change, in the order of their registration.
  func matching(scope: [UInt8], key: [UInt8]) -> [ID] {
    var found: [(sequence: UInt64, id: ID)] = []
    for group in [
      Group(scope: nil, key: nil), Group(scope: scope, key: nil), Group(scope: nil, key: key),
      Group(scope: scope, key: key),
    ] {
      for (id, entry) in groups[group] ?? OrderedTable() { found.append((entry.sequence, id)) }
    }
    return found.sorted { $0.sequence < $1.sequence }.map(\.id)
  }
}

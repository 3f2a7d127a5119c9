/// The `state` triggers, found by the change that they are about: a change looks at those that match it and no others.
struct StateTriggers<ID: Hashable> {
  /// What all triggers of one group have in common.
  private struct Group: Hashable {
    let scope: [UInt8]?
    let key: [UInt8]?
  }

  /// With the order of registration.
  private var groups: [Group: OrderedTable<ID, UInt64>] = [:]
  private var groupOf: [ID: Group] = [:]
  private var sequence: UInt64 = 0

  var isEmpty: Bool { groupOf.isEmpty }

  /// Adds a trigger; one that had its id is replaced.
  mutating func add(_ id: ID, _ filter: StateTriggerFilter) {
    remove(id)
    let group = Group(scope: filter.scope, key: filter.key)
    sequence += 1
    groupOf[id] = group
    groups[group, default: OrderedTable()].set(id, sequence)
  }

  /// Returns whether there was one.
  @discardableResult mutating func remove(_ id: ID) -> Bool {
    guard let group = groupOf.removeValue(forKey: id) else { return false }
    groups[group]?.remove(id)
    if groups[group]?.isEmpty == true { groups[group] = nil }
    return true
  }

  /// The triggers that match a change, in the order of their registration; without a key, those that are about any key.
  func matching(scope: [UInt8], key: [UInt8]?) -> [ID] {
    var looked = [Group(scope: nil, key: nil), Group(scope: scope, key: nil)]
    if let key { looked += [Group(scope: nil, key: key), Group(scope: scope, key: key)] }
    var found: [(sequence: UInt64, id: ID)] = []
    for group in looked {
      for (id, sequence) in groups[group] ?? OrderedTable() { found.append((sequence, id)) }
    }
    return found.sorted { $0.sequence < $1.sequence }.map(\.id)
  }
}

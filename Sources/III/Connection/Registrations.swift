/// The registrations that are sent on each connection, in that order.
struct Registrations {
  /// The groups of registrations, in the order in which they are sent.
  enum Group: Int, CaseIterable {
    case triggerTypes, functions, triggers
  }

  private struct Entry {
    var order: Int
    var message: any OutboundMessage
  }

  private var groups = [[ByteKey: Entry]](repeating: [:], count: Group.allCases.count)
  private var added = 0

  mutating func add(_ id: String, to group: Group, _ message: any OutboundMessage) {
    added += 1
    groups[group.rawValue][ByteKey(id)] = Entry(order: added, message: message)
  }

  /// Returns `false` if it was not there.
  mutating func remove(_ id: String, from group: Group) -> Bool {
    groups[group.rawValue].removeValue(forKey: ByteKey(id)) != nil
  }

  /// Empties a group; returns the ids that were in it, in the order in which they were added.
  mutating func removeAll(from group: Group) -> [String] {
    defer { groups[group.rawValue] = [:] }
    return groups[group.rawValue].sorted { $0.value.order < $1.value.order }.map(\.key.text)
  }

  /// All messages: group by group, within a group as they were added.
  var replay: [any OutboundMessage] {
    groups.flatMap { group in group.values.sorted { $0.order < $1.order }.map(\.message) }
  }
}

/// What `iii-state` keeps: values by scope and key, as a plain value.
///
/// A scope stays when its last key is deleted; reading and deleting make none.
struct StateStore {
  typealias Key = [UInt8]

  private var scopes: [Key: OrderedTable<Key, [UInt8]>] = [:]

  func value(of key: Key, in scope: Key) -> [UInt8]? { scopes[scope]?[key] }

  /// The entries of a scope, in the order in which their keys were set first.
  func entries(of scope: Key) -> OrderedTable<Key, [UInt8]> { scopes[scope] ?? OrderedTable() }

  /// The names of all scopes, sorted by their bytes.
  var scopeNames: [Key] { scopes.keys.sorted { $0.lexicographicallyPrecedes($1) } }

  mutating func set(_ value: [UInt8], of key: Key, in scope: Key) -> StateChange {
    let old = scopes[scope, default: OrderedTable()].set(key, value)
    return StateChange(scope: scope, key: key, old: old, new: value)
  }

  mutating func delete(_ key: Key, in scope: Key) -> StateChange {
    StateChange(scope: scope, key: key, old: scopes[scope]?.remove(key), new: nil)
  }

  /// Gives a key the value that is saved of it; `nil` removes it.
  mutating func restore(_ value: [UInt8]?, of key: Key, in scope: Key) {
    if let value { _ = set(value, of: key, in: scope) } else { _ = delete(key, in: scope) }
  }

  /// Applies operations to the value of a key, or to `{}` where there is none, and stores what they make, whether or
  /// not some of them failed.
  mutating func update(
    _ key: Key, in scope: Key, _ operations: [UpdateOperation]
  ) -> (change: StateChange, problems: [(index: Int, problem: UpdateProblem)]) {
    var update = StateUpdate(value(of: key, in: scope))
    update.apply(operations)
    return (set(update.result, of: key, in: scope), update.problems)
  }
}

/// A row that keeps a value by scope and key.
protocol ScopedValueRow: StoreRow where Key == StateRow.Key {
  init(_ key: Key, _ value: [UInt8])
}

/// Saves changes of state, and knows what was saved last of each key that is being saved: a value that could not be saved
/// is taken back. Confined to the engine's loop.
final class StateSaver<Row: ScopedValueRow> {
  /// A key with changes on their way to the disk.
  private struct Pending {
    /// The value that was saved last; `nil` if the key was not there.
    var saved: [UInt8]?
    var changes = 1
  }

  private let store: Store
  private let table: StoreTable<Row>
  private var pending: [StateRow.Key: Pending] = [:]
  /// How many changes could not be saved: what was read before may have been taken back.
  private(set) var failures = 0

  init(_ store: Store, _ table: StoreTable<Row>) {
    self.store = store
    self.table = table
  }

  /// Whether all changes are saved.
  var isIdle: Bool { store.isIdle }

  /// Saves a change that `iii-state` has made already, and then calls `done`: in memory before this returns. If the
  /// change cannot be saved, `takeBack` hears first which value the key must have again, unless a later change decides.
  func save(
    _ change: StateChange, takeBack: @escaping (StateRow.Key, [UInt8]?) -> Void,
    then done: @escaping (StoreError?) -> Void
  ) {
    let key = StateRow.Key(scope: change.scope, key: change.key)
    guard store.isDurable else { return store.write({ _ in }, then: done) }
    let isPending = pending[key] != nil
    if isPending { pending[key]?.changes += 1 } else { pending[key] = Pending(saved: change.old) }
    store.write { transaction in
      if let value = change.new {
        transaction.put(Row(key, value), in: table)
      } else if change.old != nil || isPending {
        // A key that is gone already may be on the disk still: the removal before this one can fail.
        transaction.remove(key, from: table)
      }
    } then: { [self] error in
      if error == nil { pending[key]?.saved = change.new } else { failures += 1 }
      pending[key]?.changes -= 1
      if let last = pending[key], last.changes == 0 {
        pending[key] = nil
        if error != nil { takeBack(key, last.saved) }
      }
      done(error)
    }
  }

  /// Calls `done` when all changes that were made before are saved or taken back.
  func afterEarlierChanges(_ done: @escaping () -> Void) { store.afterEarlierWrites(done) }
}

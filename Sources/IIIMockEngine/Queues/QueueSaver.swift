internal import III

/// Keeps the rows of jobs: one for each job, and one of its progress once an attempt has failed. Confined to the engine's
/// loop.
final class QueueSaver {
  enum Change {
    case save(QueueJobRow)
    case progress(QueueProgressRow)
    case remove(number: UInt64, hasProgress: Bool)
    case define(QueueDefinitionRow)
  }

  private let store: Store
  private let jobs: StoreTable<QueueJobRow>
  private let progress: StoreTable<QueueProgressRow>
  private let definitions: StoreTable<QueueDefinitionRow>
  /// Changes that could not be saved and must be: they go with the next write.
  private var owed: [Change] = []
  private let warn: (String) -> Void

  init(
    _ store: Store, _ jobs: StoreTable<QueueJobRow>, _ progress: StoreTable<QueueProgressRow>,
    _ definitions: StoreTable<QueueDefinitionRow>, warn: @escaping (String) -> Void
  ) {
    self.store = store
    self.jobs = jobs
    self.progress = progress
    self.definitions = definitions
    self.warn = warn
  }

  var isDurable: Bool { store.isDurable }
  /// Whether all changes are saved.
  var isIdle: Bool { store.isIdle }

  /// Saves new jobs together, or none of them; `done` hears why not.
  func save(_ rows: [QueueJobRow], then done: @escaping (StoreError?) -> Void) {
    write(rows.map { .save($0) }, then: done)
  }

  /// Saves a declaration; `done` hears why not.
  func save(_ row: QueueDefinitionRow, then done: @escaping (StoreError?) -> Void) {
    write([.define(row)], then: done)
  }

  /// Saves what has become of jobs. What cannot be saved now is saved with a later write; until then a restart brings
  /// back the state before.
  func save(_ changes: [Change]) {
    write(changes) { [self] error in
      guard let error else { return }
      if owed.isEmpty { warn("what has become of jobs is not saved: \(error); a restart would deliver them again") }
      owed += changes
    }
  }

  private func write(_ changes: [Change], then done: @escaping (StoreError?) -> Void) {
    let retried = owed
    owed = []
    if !retried.isEmpty {
      store.write {
        for change in retried { encode(change, into: &$0) }
      } then: { [self] error in
        if error != nil { owed = retried + owed }
      }
    }
    store.write {
      for change in changes { encode(change, into: &$0) }
    } then: {
      done($0)
    }
  }

  private func encode(_ change: Change, into transaction: inout StoreTransaction) {
    switch change {
    case .save(let row): transaction.put(row, in: jobs)
    case .progress(let row): transaction.put(row, in: progress)
    case .define(let row): transaction.put(row, in: definitions)
    case .remove(let number, let hasProgress):
      transaction.remove(Int64(bitPattern: number), from: jobs)
      if hasProgress { transaction.remove(Int64(bitPattern: number), from: progress) }
    }
  }

  /// Calls `done` when all changes that were made before are saved.
  func afterEarlierChanges(_ done: @escaping () -> Void) { store.afterEarlierWrites(done) }
}

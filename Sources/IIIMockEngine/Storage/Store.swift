internal import III
internal import UV

/// Where built-ins keep rows: a file, or nothing at all for one in memory. Confined to the engine's loop.
///
/// A store is read when the engine starts. From then on its built-ins hold the data, and tell the store what changes:
/// all writes of one turn of the loop become one transaction on the store's thread, and what waits for a write is
/// called on the loop when it is committed, in the order of the writes. In memory there is neither thread nor file,
/// and a write is done at once.
package final class Store {
  /// Hears whether a write was saved: `nil`, or why not.
  package typealias Completion = (StoreError?) -> Void

  private struct Waiting {
    let bytes: Int
    /// Why the write was not even given to the thread.
    let refusal: StoreError?
    let done: Completion
  }

  /// `nil` in memory, where nothing waits.
  private let timers: LoopTimers?
  private let warn: (String) -> Void
  private let path: String
  private var writer: StoreWriter?
  /// How long what was saved may stay in the WAL alone.
  var checkpointInterval: Duration
  private var checkpointTimer: TimerToken?
  private var isCheckpointFailing = false

  private var transaction = StoreTransaction()
  private var ends: [Int] = []
  private var isFlushScheduled = false
  private var waiting = FIFO<Waiting>()
  private var isCompleting = false
  private var waitingBytes = 0
  private var tables: [StoreSchema] = []
  private var isClosed = false

  private let backlogLimit: Int

  /// A store in memory.
  init() {
    timers = nil
    warn = { _ in }
    path = ""
    backlogLimit = .max
    checkpointInterval = .zero
    transaction.encoder.isKeeping = false
  }

  /// Opens the store's file in `folder`, and waits for it.
  init(
    folder: String, checkpointInterval: Duration, limits: StoreLimits, on timers: LoopTimers,
    warn: @escaping (String) -> Void
  ) throws(StoreError) {
    self.timers = timers
    self.warn = warn
    self.checkpointInterval = checkpointInterval
    path = folder + "/" + StoreFile.name
    backlogLimit = limits.backlogBytes
    let loop = timers.loop
    let me = Weak()
    let bound = LoopBound(me, on: loop)
    writer = try StoreWriter(folder: folder, limits: limits) { report in
      loop.post { bound.value.store?.completed(report) }
    }
    me.store = self
    if let problem = writer?.problem {
      warn("nothing can be saved in '\(path)': \(problem.reason); what needs to be saved fails until it can")
    }
  }

  /// What the store's thread knows of the store.
  private final class Weak {
    weak var store: Store?
  }

  deinit { if !isClosed { writer?.close {} } }

  /// Whether rows outlive the engine.
  package var isDurable: Bool { writer != nil }

  /// Whether nothing waits to be saved.
  package var isIdle: Bool { waiting.isEmpty }

  // MARK: Reading

  /// Declares a table and reads its rows, in the order that ``StoreSchema`` promises. Blocks the calling thread: for the
  /// start of an engine or of a built-in worker only. A worker that was removed and is added again reads its table again.
  package func load<Row: StoreRow>(_ type: Row.Type) throws(StoreError) -> (table: StoreTable<Row>, rows: [Row]) {
    precondition(tables.count < Int(UInt8.max), "too many tables in one store")
    flush()
    if let number = tables.firstIndex(where: { $0.table == Row.schema.table }) {
      return (StoreTable(number: UInt8(number)), try writer?.load(type) ?? [])
    }
    let table = StoreTable<Row>(number: UInt8(tables.count))
    tables.append(Row.schema)
    return (table, try writer?.load(type) ?? [])
  }

  // MARK: Writing

  /// Saves the changes that `changes` makes, together or not at all, and then calls `done` on the loop: in memory
  /// before this returns, else later. `changes` must not use the store otherwise.
  package func write(_ changes: (inout StoreTransaction) -> Void, then done: @escaping Completion) {
    guard writer != nil else {
      finish(Waiting(bytes: 0, refusal: nil, done: done))
      return
    }
    guard !isClosed else { return callLater { [path] in done(StoreError(.closed, path)) } }
    let start = transaction.encoder.bytes.count
    changes(&transaction)
    let count = transaction.encoder.bytes.count - start
    var refusal: StoreError?
    if waitingBytes > 0 && waitingBytes + count > backlogLimit {
      refusal = StoreError(.overloaded, path, "\(waitingBytes) bytes wait to be saved")
      transaction.encoder.bytes.removeLast(count)
    }
    append(Waiting(bytes: refusal == nil ? count : 0, refusal: refusal, done: done))
  }

  /// Calls `done` once all earlier writes are saved or have failed: at once if there are none.
  package func afterEarlierWrites(_ done: @escaping () -> Void) {
    if isClosed { return callLater(done) }
    if isDurable && isIdle { return done() }
    let write = Waiting(bytes: 0, refusal: nil) { _ in done() }
    if isDurable { append(write) } else { finish(write) }
  }

  private func callLater(_ done: @escaping () -> Void) {
    guard let loop = timers?.loop else { return done() }
    let done = LoopBound(done, on: loop)
    loop.post { done.value() }
  }

  private func append(_ write: Waiting) {
    waiting.append(write)
    waitingBytes += write.bytes
    ends.append(transaction.encoder.bytes.count)
    guard !isFlushScheduled, let loop = timers?.loop else { return }
    isFlushScheduled = true
    let me = LoopBound(self, on: loop)
    loop.post { me.value.flush() }
  }

  /// Gives the writes of this turn to the thread.
  private func flush() {
    isFlushScheduled = false
    guard !ends.isEmpty else { return }
    let batch = StoreBatch(bytes: transaction.encoder.bytes, ends: ends)
    transaction.encoder.bytes = []
    ends = []
    writer?.save(batch)
    if !batch.bytes.isEmpty { scheduleCheckpoint() }
  }

  // MARK: Completion

  private func completed(_ report: StoreReport) {
    if let checkpoint = report.checkpoint { noteCheckpoint(checkpoint) }
    var failures = report.failures[...]
    for number in 0..<report.writes {
      guard let write = waiting.popFirst() else { return }
      waitingBytes -= write.bytes
      var error = write.refusal
      if let failure = failures.first, failure.write == number {
        failures.removeFirst()
        // An empty write has nothing that could fail.
        if write.bytes > 0 { error = failure.error }
      }
      write.done(error)
    }
  }

  /// Calls a completion in memory, after those that are being called.
  private func finish(_ write: Waiting) {
    waiting.append(write)
    guard !isCompleting else { return }
    isCompleting = true
    while let next = waiting.popFirst() { next.done(next.refusal) }
    isCompleting = false
  }

  // MARK: Checkpoints and the end

  private func scheduleCheckpoint() {
    guard checkpointTimer == nil, !isClosed else { return }
    checkpointTimer = timers?.schedule(after: checkpointInterval) { [weak self] in
      guard let self else { return }
      checkpointTimer = nil
      writer?.checkpoint()
    }
  }

  /// What fails is tried again; a warning comes for the first failure of a row only.
  private func noteCheckpoint(_ result: Result<Void, StoreError>) {
    guard case .failure(let error) = result else {
      isCheckpointFailing = false
      return
    }
    if !isCheckpointFailing { warn("what was saved stays in '\(path)-wal' for now: \(error.reason)") }
    isCheckpointFailing = true
    scheduleCheckpoint()
  }

  /// Saves what waits and closes the file. All completions have been called when this returns, and the lock is free.
  package func close(isolation: isolated (any Actor)? = #isolation) async {
    guard let writer, !isClosed else { return }
    flush()
    isClosed = true
    if let checkpointTimer { timers?.cancel(checkpointTimer) }
    checkpointTimer = nil
    await withCheckedContinuation(isolation: isolation) { closed in writer.close { closed.resume() } }
  }
}

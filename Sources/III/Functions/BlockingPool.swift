internal import UV

/// The threads on which a worker's blocking handlers run: made when they are needed, ended when they are not.
///
/// No more than `limit` handlers run at once; what comes beyond waits for its turn. A handler that waits in a blocking call
/// is not counted, so that handlers which call one another can never be all waiting for a turn.
final class BlockingPool: Sendable {
  typealias Job = @Sendable () -> Void

  struct State: Sendable {
    var queue = FIFO<Job>()
    /// Threads that run a job, but not those whose job waits.
    var busy = 0
    /// Threads that will look at the queue next, also those that have only been started.
    var idle = 0
    var isClosed = false
  }

  /// The pool whose job runs on the calling thread.
  @TaskLocal private static var current: BlockingPool?

  private let limit: Int
  private let state = Monitor(State())
  /// How long a thread waits for work before it ends; by real time, for nothing that can be seen depends on it.
  private let idleNanoseconds: UInt64

  init(limit: Int = 64, idleNanoseconds: UInt64 = 10_000_000_000) {
    self.limit = limit
    self.idleNanoseconds = idleNanoseconds
  }

  /// The present counts.
  var counts: (queued: Int, busy: Int, idle: Int) { state.withLock { ($0.queue.count, $0.busy, $0.idle) } }

  /// Runs a job as soon as it has its turn; `false` says that a thread for it is wanting and that it will not run.
  func run(_ job: @escaping Job) -> Bool {
    let startsThread = state.withLock { state in
      guard !state.isClosed else { return false }
      state.queue.append(job)
      return needsThread(&state)
    }
    guard startsThread else {
      state.wakeOne()
      return true
    }
    if startThread() { return true }
    // Those that run might all wait for this very job.
    return state.withLock { state in
      let rest = state.queue.removeAll()
      for job in rest.dropLast() { state.queue.append(job) }
      return rest.isEmpty
    }
  }

  /// Takes no jobs any more, forgets those that wait for a turn, and lets the threads end.
  func close() {
    state.withLock { state in
      state.isClosed = true
      _ = state.queue.removeAll()
    }
    state.wakeAll()
  }

  /// Runs `wait`, which blocks; where the caller is a job of a pool, another may run meanwhile.
  static func whileWaiting<Result>(_ wait: () -> Result) -> Result {
    guard let pool = current else { return wait() }
    pool.beginWait()
    defer { pool.endWait() }
    return wait()
  }

  private func beginWait() {
    let startsThread = state.withLock { state in
      state.busy -= 1
      return needsThread(&state)
    }
    // Without a thread the queue waits for one that becomes free.
    if startsThread { _ = startThread() } else { state.wakeOne() }
  }

  /// Never held up: for a moment there may be more than `limit`.
  private func endWait() { state.withLock { $0.busy += 1 } }

  /// Whether more jobs may run now than threads will look for one; counts the thread in that is started then.
  private func needsThread(_ state: inout State) -> Bool {
    guard min(state.queue.count, limit - state.busy) > state.idle else { return false }
    state.idle += 1
    return true
  }

  private func startThread() -> Bool {
    let code = startDetachedThread(named: "iii-handler") { [self] in
      while let job = next() {
        BlockingPool.$current.withValue(self, operation: job)
        state.withLock { state in
          state.busy -= 1
          state.idle += 1
        }
      }
    }
    if code != 0 { state.withLock { $0.idle -= 1 } }
    return code == 0
  }

  /// The next job for an idle thread; `nil` ends it.
  private func next() -> Job? {
    state.wait(nanoseconds: idleNanoseconds) { state -> Job?? in
      if state.isClosed {
        state.idle -= 1
        return .some(nil)
      }
      guard state.busy < limit, let job = state.queue.popFirst() else { return nil }
      state.idle -= 1
      state.busy += 1
      return job
    } otherwise: { state in
      state.idle -= 1
      return nil
    }
  }
}

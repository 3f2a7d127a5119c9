internal import UV

/// The threads that run a worker's blocking handlers: they are started when needed and end when idle.
///
/// At most `limit` handlers run at once; further ones wait for their turn. A handler that waits in a blocking call is not counted, so
/// handlers that call one another cannot all wait for a turn. There are never more than `threadLimit` threads.
final class BlockingPool: Sendable {
  /// A handler to run.
  struct Job: Sendable {
    var run: @Sendable () -> Void
    /// Called instead of `run`, with the reason.
    var refuse: @Sendable (String) -> Void
  }

  struct State: Sendable {
    var queue = FIFO<Job>()
    /// The number of threads that run a job, without those whose job waits in a blocking call.
    var busy = 0
    /// The number of threads that look at the queue next, including those that have only been started.
    var idle = 0
    var threads = 0
    var isClosed = false
    /// Whether threads end at once when they have nothing to do.
    var isRetired = false
  }

  private enum Start {
    case none, wake, thread, refuse(Job)
  }

  /// The pool whose job runs in the current thread.
  @TaskLocal private static var current: BlockingPool?

  private let limit: Int
  private let threadLimit: Int
  private let state = Monitor(State())
  /// How long a thread waits for work before it ends; real time, because nothing visible depends on it.
  private let idleNanoseconds: UInt64
  /// Called when the last job has ended or begun to wait.
  private let onIdle: (@Sendable () -> Void)?

  init(
    limit: Int = 64, threadLimit: Int = 512, idleNanoseconds: UInt64 = 10_000_000_000,
    onIdle: (@Sendable () -> Void)? = nil
  ) {
    self.onIdle = onIdle
    self.limit = limit
    self.threadLimit = threadLimit
    self.idleNanoseconds = idleNanoseconds
  }

  /// The current counts.
  var counts: (queued: Int, busy: Int, idle: Int) { state.withLock { ($0.queue.count, $0.busy, $0.idle) } }

  /// Runs a job as soon as it may run, or refuses it because no thread can be started for it. A closed pool does neither.
  func run(_ run: @escaping @Sendable () -> Void, orRefuse refuse: @escaping @Sendable (String) -> Void = { _ in }) {
    let start = state.withLock { state in
      guard !state.isClosed else { return Start.none }
      state.queue.append(Job(run: run, refuse: refuse))
      return next(&state)
    }
    perform(start)
  }

  /// Takes no more jobs, forgets those that wait for a turn, and lets the threads end.
  func close() {
    state.withLock { state in
      state.isClosed = true
      _ = state.queue.removeAll()
    }
    state.wakeAll()
  }

  /// Lets the threads end as soon as they have nothing to do. The pool still takes jobs.
  func retire() {
    state.withLock { $0.isRetired = true }
    state.wakeAll()
  }

  /// Runs `wait`, which blocks. If the caller is a job of a pool, another job may run meanwhile.
  static func whileWaiting<Result>(_ wait: () -> Result) -> Result {
    guard let pool = current else { return wait() }
    pool.beginWait()
    defer { pool.endWait() }
    return wait()
  }

  private func beginWait() {
    perform(
      state.withLock { state in
        state.busy -= 1
        return next(&state)
      })
    reportIfIdle()
  }

  private func reportIfIdle() {
    guard let onIdle else { return }
    if state.withLock({ $0.queue.isEmpty && $0.busy == 0 }) { onIdle() }
  }

  /// Does not wait: for a moment, more than `limit` jobs may run.
  private func endWait() { state.withLock { $0.busy += 1 } }

  /// Decides what to start so that as many jobs run as are allowed.
  private func next(_ state: inout State) -> Start {
    guard min(state.queue.count, limit - state.busy) > state.idle else { return state.queue.isEmpty ? .none : .wake }
    guard state.threads < threadLimit else {
      // The newest job is refused: all threads may wait for this very job.
      return state.queue.popLast().map(Start.refuse) ?? .none
    }
    state.idle += 1
    state.threads += 1
    return .thread
  }

  private func perform(_ start: Start) {
    switch start {
    case .none: break
    case .wake: state.wakeOne()
    case .refuse(let job):
      job.refuse(
        "no thread is free for the handler: all \(threadLimit) threads of this worker's blocking handlers wait in calls"
      )
    case .thread:
      guard !startThread() else { return }
      let job = state.withLock { state in
        state.idle -= 1
        state.threads -= 1
        return state.queue.popLast()
      }
      job?.refuse("no thread could be started for the handler: the process has too many")
    }
  }

  private func startThread() -> Bool {
    startDetachedThread(named: "iii-handler") { [self] in
      while let job = next() {
        BlockingPool.$current.withValue(self, operation: job.run)
        state.withLock { state in
          state.busy -= 1
          state.idle += 1
        }
        reportIfIdle()
      }
    } == 0
  }

  /// The next job for an idle thread; `nil` ends the thread.
  private func next() -> Job? {
    state.wait(nanoseconds: idleNanoseconds) { state -> Job?? in
      if state.isClosed {
        Self.endThread(&state)
        return .some(nil)
      }
      guard state.busy < limit, let job = state.queue.popFirst() else {
        guard state.isRetired else { return nil }
        Self.endThread(&state)
        return .some(nil)
      }
      state.idle -= 1
      state.busy += 1
      return job
    } otherwise: { state in
      Self.endThread(&state)
      return nil
    }
  }

  private static func endThread(_ state: inout State) {
    state.idle -= 1
    state.threads -= 1
  }
}

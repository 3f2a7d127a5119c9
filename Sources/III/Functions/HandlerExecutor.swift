internal import UV

/// Runs handlers one after another, in the order in which they were begun or resumed, so that each run of a program has the same order.
///
/// A handler that may block has the executor for itself, except while it waits in a blocking call.
package final class HandlerExecutor: TaskExecutor {
  let pool: BlockingPool
  /// Signalled when nothing runs any more; whether `waitUntilIdle` has given up on what runs now.
  private let idleness: Monitor<Bool>

  /// How long `waitUntilIdle` waits, in nanoseconds of real time.
  private static let waitLimit: UInt64 = 100_000_000

  /// - Parameter onIdle: Called when nothing runs and nothing waits any more; on the executor's thread.
  package init(onIdle: @escaping @Sendable () -> Void) {
    let idleness = Monitor(false)
    self.idleness = idleness
    pool = BlockingPool(limit: 1) {
      // Under the lock, so that a thread that has just found the executor busy is waiting by now.
      idleness.withLock { $0 = false }
      idleness.wakeAll()
      onIdle()
    }
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedTaskExecutor()
    pool.run {
      job.runSynchronously(on: executor)
    } orRefuse: { _ in
      // Without a thread the order cannot be kept. A job that never runs would leave its task waiting.
      globalConcurrentExecutor.enqueue(job)
    }
  }

  /// Whether nothing runs and nothing waits to run.
  package var isIdle: Bool {
    let counts = pool.counts
    return counts.queued == 0 && counts.busy == 0
  }

  /// Blocks the calling thread while handlers run or wait to run. The loop does so before each of its steps: so what handlers have sent is
  /// there at the same step in each run of a program.
  ///
  /// A handler that blocks its thread holds the loop for 100 ms at most, since it may wait for the loop. Handlers are waited for again once
  /// nothing runs any more.
  package func waitUntilIdle() {
    guard !isIdle else { return }
    idleness.wait(nanoseconds: Self.waitLimit) { hasGivenUp in
      isIdle || hasGivenUp ? () : nil
    } otherwise: {
      $0 = true
    }
  }

  /// Lets the threads end as soon as they have nothing to do. Jobs are still accepted.
  package func retire() { pool.retire() }
}

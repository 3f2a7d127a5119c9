internal import UV

/// Runs handlers one after another, in the order in which they were begun or resumed, so that each run of a program has the same order.
///
/// A handler that may block has the executor for itself, except while it waits in a blocking call.
package final class HandlerExecutor: TaskExecutor {
  let pool: BlockingPool

  /// - Parameter onIdle: Called when nothing runs and nothing waits any more; on the executor's thread.
  package init(onIdle: @escaping @Sendable () -> Void) {
    pool = BlockingPool(limit: 1, onIdle: onIdle)
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

  /// Lets the threads end as soon as they have nothing to do. Jobs are still accepted.
  package func retire() { pool.retire() }
}

/// Callbacks that wait for one outcome, each with a time limit. Confined to the loop of its timers.
final class Waiters<Outcome> {
  typealias Done = @Sendable (Outcome) -> Void

  private var waiting: [Int: (done: Done, timer: TimerToken)] = [:]
  private var added = 0

  /// Calls `done` with the outcome, or with that of `late` after `limit`.
  func add(_ limit: Duration, _ timers: LoopTimers, late: @escaping () -> Outcome, _ done: @escaping Done) {
    added += 1
    let id = added
    let timer = timers.schedule(after: limit) { [self] in waiting.removeValue(forKey: id)?.done(late()) }
    waiting[id] = (done, timer)
  }

  func resume(_ timers: LoopTimers, with outcome: Outcome) {
    let all = waiting.sorted { $0.key < $1.key }
    waiting = [:]
    for (_, waiter) in all {
      timers.cancel(waiter.timer)
      waiter.done(outcome)
    }
  }
}

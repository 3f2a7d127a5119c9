package import UV

/// All timers of one loop: a heap of deadlines over the loop's single timer. Confined to the loop.
///
/// With a manual time source the loop's timer is not used: the source fires the timers that are due.
package final class LoopTimers {
  package let loop: Loop
  package let source: TimeSource

  private var heap = TimerHeap<() -> Void>()
  private var timer: LoopTimer?
  /// When `timer` will fire. If the entry for which it was started is cancelled, it still fires, without effect: that costs less than
  /// restarting it for each call.
  private var armed: UInt64 = .max
  private var attachment: Int?
  private var isClosed = false

  package init(on loop: Loop, source: TimeSource) {
    self.loop = loop
    self.source = source
    guard source.isManual else {
      timer = LoopTimer(on: loop)
      return
    }
    let me = LoopBound(self, on: loop)
    attachment = source.attach { done in
      loop.post {
        me.value.fireNext()
        done()
      }
    }
  }

  package var now: UInt64 { source.now }

  package var nextDeadline: UInt64? { heap.nextDeadline }

  /// Whether timers are due that fire by themselves. On a manual clock they fire when the clock says so.
  package var hasDue: Bool { !source.isManual && nextDeadline.map { $0 <= now } ?? false }

  /// Calls `fire` on the loop once `span` has passed.
  @discardableResult
  package func schedule(after span: Duration, _ fire: @escaping () -> Void) -> TimerToken {
    schedule(at: now.advanced(by: span), fire)
  }

  /// Calls `fire` on the loop once the source has reached `deadline`.
  @discardableResult
  package func schedule(at deadline: UInt64, _ fire: @escaping () -> Void) -> TimerToken {
    let token = heap.insert(at: deadline, fire)
    if isClosed { heap.cancel(token) } else if attachment == nil { arm() } else { note(token, deadline) }
    return token
  }

  /// With a manual source: one that is due already fires by itself, in the loop's next turn. Others fire when the source says so.
  private func note(_ token: TimerToken, _ deadline: UInt64) {
    noteNextDeadline()
    guard deadline <= now else { return }
    let me = LoopBound(self, on: loop)
    loop.post {
      let timers = me.value
      guard let due = timers.heap.take(token) else { return }
      timers.noteNextDeadline()
      due()
    }
  }

  private func noteNextDeadline() { if let attachment { source.note(nextDeadline: heap.nextDeadline, of: attachment) } }

  /// Cancels a timer; returns `false` if it has fired or was cancelled before.
  @discardableResult
  package func cancel(_ token: TimerToken) -> Bool {
    let isCancelled = heap.cancel(token)
    if isCancelled { noteNextDeadline() }
    return isCancelled
  }

  /// Cancels all timers; nothing fires any more.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    heap.removeAll()
    timer?.close()
    timer = nil
    if let attachment { source.detach(attachment) }
    attachment = nil
  }

  /// Starts the loop's timer for the earliest deadline.
  private func arm() {
    if let next = heap.nextDeadline, next < armed {
      armed = next
      let now = self.now
      timer?.start(afterNanoseconds: next > now ? next - now : 0) { [weak self] in
        guard let self else { return }
        armed = .max
        fire()
      }
    }
  }

  /// Fires the timers that are due. Timers that are added meanwhile fire in a later turn, so that I/O is never starved.
  private func fire() {
    var budget = heap.count
    let now = self.now
    while budget > 0, let due = heap.popDue(now: now) {
      budget -= 1
      due()
    }
    if !isClosed { arm() }
  }

  /// Fires the earliest timer, if it is due; with a manual source.
  private func fireNext() {
    guard let due = heap.popDue(now: now) else { return }
    noteNextDeadline()
    due()
  }
}

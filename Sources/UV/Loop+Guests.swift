internal import CUV
internal import Synchronization

/// Guests: threads that use the loop while its own thread waits for events.
///
/// The loop's thread waits outside `uv_run`, on the descriptor that libuv offers for that (`uv_backend_fd`), so no function of libuv runs
/// meanwhile. Queued work comes first: a guest is not admitted while there is any, and so never overtakes what was posted before. Each wait
/// admits one guest: more work that comes before the loop's next turn is queued, and leaves in as few writes as before. Where much work
/// came last, a wait admits none: the guest's message would leave alone, and those of the others after it.
extension Loop {
  /// Who may use the loop; part of what is behind the loop's lock.
  struct Guests {
    /// Whether the loop's thread waits for events, or for the guest to leave. For a loop that admits none: always.
    var isThreadWaiting: Bool
    /// Whether a guest was admitted during this wait, or none is.
    var wasAdmitted = true
    /// How much work has come since the last wait began: with a guest and through the queue.
    var arrivals = 0
    /// So much work came from one wait to the next when any came last.
    var crowd = 0
    var isPresent = false
    /// Whether the loop's thread has an event and waits for the guest to leave.
    var isAwaited = false

    /// A wait begins.
    mutating func beginWait() {
      if arrivals > 0 { crowd = arrivals }
      arrivals = 0
      isThreadWaiting = true
      wasAdmitted = crowd > 2
    }
  }

  /// Runs turns until all handles are closed.
  func runWithGuests() {
    while uv_run(handle, UV_RUN_NOWAIT) != 0 {
      let timeout = uv_backend_timeout(handle)
      guard timeout != 0 else { continue }
      waitDeadline = timeout < 0 ? .max : uv_now(handle) + UInt64(timeout)
      guard admitGuest() else {
        moveShared()
        continue
      }
      cuv_wait_readable(uv_backend_fd(handle), timeout)
      dismissGuest()
    }
  }

  /// Begins a wait, unless work is queued.
  private func admitGuest() -> Bool {
    shared.withLock { shared in
      guard shared.work.isEmpty else { return false }
      shared.guests.beginWait()
      return true
    }
  }

  /// Ends the wait: no guest is admitted any more, and one that is there leaves first.
  private func dismissGuest() {
    let isPresent = shared.withLock { shared in
      shared.guests.wasAdmitted = true
      shared.guests.isAwaited = shared.guests.isPresent
      shared.guests.isThreadWaiting = shared.guests.isPresent
      return shared.guests.isPresent
    }
    guard isPresent else { return }
    guestHasLeft.wait { hasLeft in
      defer { hasLeft = false }
      return hasLeft ? () : nil
    }
  }

  /// Whether a guest has the loop. SIGPIPE is blocked on the loop's own thread only.
  var hasGuest: Bool { loopThread != 0 }

  /// What became of work: the caller is the guest that does it, or it is queued, or the loop has begun to stop.
  enum Admission { case entered, posted(signals: Bool), refused }

  /// Makes the calling thread the loop's guest; if it is not admitted, queues its work.
  func enterAsGuest(orPost work: Work) -> Admission {
    let current = Loop.currentThread
    return shared.withLock { shared in
      guard shared.phase == .running else { return .refused }
      guard !shared.guests.wasAdmitted, !shared.isSignalled else {
        shared.work.append(work)
        return .posted(signals: shared.needsSignal())
      }
      shared.guests.wasAdmitted = true
      shared.guests.arrivals += 1
      shared.guests.isPresent = true
      loopThread = thread.exchange(current, ordering: .relaxed)
      uv_update_time(handle)
      return .entered
    }
  }

  /// Gives the loop back. Its thread is woken if the guest has left work for it, or an earlier deadline.
  func leaveAsGuest() {
    let timeout = uv_backend_timeout(handle)
    let needsTurn = timeout >= 0 && uv_now(handle) + UInt64(timeout) < waitDeadline
    let next = shared.withLock { shared -> (hasLeft: Bool, signals: Bool) in
      thread.store(loopThread, ordering: .relaxed)
      loopThread = 0
      shared.guests.isPresent = false
      let isAwaited = shared.guests.isAwaited
      shared.guests.isAwaited = false
      if isAwaited { shared.guests.isThreadWaiting = false }
      return (isAwaited, needsTurn && shared.needsSignal())
    }
    if next.hasLeft {
      guestHasLeft.withLock { $0 = true }
      guestHasLeft.wakeOne()
    }
    if next.signals { signal() }
  }
}

extension Loop.Shared {
  /// Whether the caller must signal the loop, after it has released the lock: its thread waits, and nobody else has signalled since. A
  /// thread that does not wait looks for work before it does.
  mutating func needsSignal() -> Bool {
    guard guests.isThreadWaiting, !isSignalled else { return false }
    isSignalled = true
    return true
  }
}

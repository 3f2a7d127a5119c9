private import CUV

/// A value behind a mutex with a condition: for threads that may block, which a loop's and those of tasks may not.
package final class Monitor<Value: Sendable>: @unchecked Sendable {
  // Sendable: the value is reached under the mutex alone, which orders all who reach it.
  private let value: UnsafeMutablePointer<Value>
  private let mutex: UnsafeMutablePointer<uv_mutex_t>
  private let condition: UnsafeMutablePointer<uv_cond_t>

  package init(_ initial: Value) {
    value = .allocate(capacity: 1)
    value.initialize(to: initial)
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: uv_mutex_t())
    uv_mutex_init(mutex)
    condition = .allocate(capacity: 1)
    condition.initialize(to: uv_cond_t())
    uv_cond_init(condition)
  }

  deinit {
    uv_cond_destroy(condition)
    condition.deallocate()
    uv_mutex_destroy(mutex)
    mutex.deallocate()
    value.deinitialize(count: 1)
    value.deallocate()
  }

  /// Runs `body` with the value, alone. `body` must not use this monitor again, nor wait for anything.
  package func withLock<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    uv_mutex_lock(mutex)
    defer { uv_mutex_unlock(mutex) }
    return try body(&value.pointee)
  }

  /// Has one of those who wait look again.
  package func wakeOne() { uv_cond_signal(condition) }

  /// Has all who wait look again.
  package func wakeAll() { uv_cond_broadcast(condition) }

  /// Blocks the thread until `look` gives something. It is asked at once, then whenever this thread is woken.
  package func wait<Result>(_ look: (inout Value) -> Result?) -> Result {
    uv_mutex_lock(mutex)
    defer { uv_mutex_unlock(mutex) }
    while true {
      if let result = look(&value.pointee) { return result }
      uv_cond_wait(condition, mutex)
    }
  }

  /// As `wait`, but no longer than so many nanoseconds: then `look` is asked once more, and if it gives nothing still,
  /// `otherwise` says what to return, with the mutex held all the while.
  package func wait<Result>(
    nanoseconds: UInt64, _ look: (inout Value) -> Result?, otherwise: (inout Value) -> Result
  ) -> Result {
    let deadline = uv_hrtime() + nanoseconds
    uv_mutex_lock(mutex)
    defer { uv_mutex_unlock(mutex) }
    while true {
      if let result = look(&value.pointee) { return result }
      let now = uv_hrtime()
      guard now < deadline else { return otherwise(&value.pointee) }
      _ = uv_cond_timedwait(condition, mutex, deadline - now)
    }
  }
}

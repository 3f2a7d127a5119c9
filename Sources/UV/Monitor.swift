private import CUV

/// A value behind a mutex with a condition, for threads that may block. Loop threads and tasks may not.
package final class Monitor<Value: Sendable>: @unchecked Sendable {
  // Sendable: the value is used under the mutex only, which orders those uses.
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

  /// Runs `body` with exclusive use of the value. `body` must not use this monitor again, nor wait for anything.
  package func withLock<Result, Failure: Error>(_ body: (inout Value) throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    uv_mutex_lock(mutex)
    defer { uv_mutex_unlock(mutex) }
    return try body(&value.pointee)
  }

  /// Wakes one waiting thread, which then calls `look` again.
  package func wakeOne() { uv_cond_signal(condition) }

  /// Wakes all waiting threads, which then call `look` again.
  package func wakeAll() { uv_cond_broadcast(condition) }

  /// Blocks the thread until `look` returns a value. `look` is called at once, then each time this thread is woken.
  package func wait<Result>(_ look: (inout Value) -> Result?) -> Result {
    uv_mutex_lock(mutex)
    defer { uv_mutex_unlock(mutex) }
    while true {
      if let result = look(&value.pointee) { return result }
      uv_cond_wait(condition, mutex)
    }
  }

  /// As `wait`, but with a time limit in nanoseconds. When it is reached, `look` is called once more; if it still returns
  /// `nil`, the result of `otherwise` is returned. The mutex is held during both calls.
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

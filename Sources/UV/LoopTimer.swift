internal import CUV

/// The only `uv_timer_t` of a loop; a heap of deadlines above it serves all timers.
package final class LoopTimer: LoopResource {
  private let loop: Loop
  private let handle: UnsafeMutablePointer<uv_timer_t>
  private var fire: (() -> Void)?
  private var isClosed = false

  package init(on loop: Loop) {
    self.loop = loop
    handle = .allocate(capacity: 1)
    uv_timer_init(loop.handle, handle)
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.register(self)
  }

  /// Calls `fire` once, not before `nanoseconds` have passed (rounded up to milliseconds); replaces an earlier start.
  package func start(afterNanoseconds nanoseconds: UInt64, _ fire: @escaping () -> Void) {
    guard !isClosed else { return }
    self.fire = fire
    // The loop's time is the start of the turn: without an update the timer would fire too early.
    uv_update_time(loop.handle)
    let milliseconds = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1)
    uv_timer_start(
      handle,
      { timer in
        guard let data = timer?.pointee.data else { return }
        let timer = Unmanaged<LoopTimer>.fromOpaque(data).takeUnretainedValue()
        let fire = timer.fire
        timer.fire = nil
        fire?()
      }, milliseconds, 0)
  }

  package func stop() {
    guard !isClosed else { return }
    fire = nil
    uv_timer_stop(handle)
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    fire = nil
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let data = handle?.pointee.data else { return }
      let timer = Unmanaged<LoopTimer>.fromOpaque(data).takeRetainedValue()
      timer.loop.unregister(timer)
      timer.handle.deallocate()
    }
  }

  func closeWithLoop() { close() }
}

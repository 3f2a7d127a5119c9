internal import CUV

/// Calls back on a loop when a signal comes, instead of the signal's default action. For commands only: a library does not change how a
/// process handles signals.
package final class SignalWatcher: LoopResource {
  private let loop: Loop
  private let handle: UnsafeMutablePointer<uv_signal_t>
  private var received: (() -> Void)?
  private var isClosed = false

  /// Calls `received` on the loop for each `signal` until closed.
  package init(_ signal: Int32, on loop: Loop, _ received: @escaping () -> Void) throws(UVError) {
    self.loop = loop
    self.received = received
    handle = .allocate(capacity: 1)
    uv_signal_init(loop.handle, handle)
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.register(self)
    let code = uv_signal_start(
      handle,
      { handle, _ in
        guard let data = handle?.pointee.data else { return }
        Unmanaged<SignalWatcher>.fromOpaque(data).takeUnretainedValue().received?()
      }, signal)
    guard code == 0 else {
      close()
      throw UVError(code: code, operation: "watch signal \(signal)")
    }
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    received = nil
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let data = handle?.pointee.data else { return }
      let watcher = Unmanaged<SignalWatcher>.fromOpaque(data).takeRetainedValue()
      watcher.loop.unregister(watcher)
      watcher.handle.deallocate()
    }
  }

  func closeWithLoop() { close() }
}

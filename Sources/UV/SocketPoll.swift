internal import CUV

/// Reports when a socket that another library owns can be read or written. Confined to the loop.
package final class SocketPoll: LoopResource {
  /// What a socket is ready for, or is watched for.
  package struct Events: OptionSet, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package static let readable = Events(rawValue: Int32(UV_READABLE.rawValue))
    package static let writable = Events(rawValue: Int32(UV_WRITABLE.rawValue))
  }

  private let loop: Loop
  private let handle: UnsafeMutablePointer<uv_poll_t>
  /// `nil` is an error of the socket.
  private var ready: ((Events?) -> Void)?
  private var isClosed = false

  /// Calls `ready` on the loop for what `watch` names, and with `nil` if the socket has failed.
  package init(_ descriptor: Int32, on loop: Loop, _ ready: @escaping (Events?) -> Void) throws(UVError) {
    self.loop = loop
    self.ready = ready
    handle = .allocate(capacity: 1)
    let code = uv_poll_init(loop.handle, handle, descriptor)
    guard code == 0 else {
      handle.deallocate()
      throw UVError(code: code, operation: "watch a socket")
    }
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.register(self)
  }

  /// Watches the socket for these events from now on.
  package func watch(_ events: Events) {
    guard !isClosed else { return }
    uv_poll_start(handle, events.rawValue) { handle, status, events in
      guard let data = handle?.pointee.data else { return }
      let poll = Unmanaged<SocketPoll>.fromOpaque(data).takeUnretainedValue()
      poll.ready?(status < 0 ? nil : Events(rawValue: events))
    }
  }

  /// Ends the watch; the socket may be closed when this returns.
  package func close() {
    guard !isClosed else { return }
    isClosed = true
    ready = nil
    uv_poll_stop(handle)
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let data = handle?.pointee.data else { return }
      let poll = Unmanaged<SocketPoll>.fromOpaque(data).takeRetainedValue()
      poll.loop.unregister(poll)
      poll.handle.deallocate()
    }
  }

  func closeWithLoop() { close() }
}

internal import CUV

/// A connection that is being established; `cancel` abandons it.
package final class ConnectAttempt {
  private var stream: TCPStream?
  private var done: ((Result<TCPStream, UVError>) -> Void)?

  fileprivate init(on loop: Loop, _ done: @escaping (Result<TCPStream, UVError>) -> Void) {
    stream = TCPStream(on: loop)
    self.done = done
  }

  fileprivate func start(_ address: SocketAddress) {
    guard let stream else { return }
    stream.isConnecting = true
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    // Retained until libuv calls back; it does so even if the handle is closed meanwhile.
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    let code = address.withSockaddr { address in
      uv_tcp_connect(request, stream.handle, address) { request, status in
        guard let request, let data = request.pointee.data else { return }
        request.deallocate()
        Unmanaged<ConnectAttempt>.fromOpaque(data).takeRetainedValue().finish(status)
      }
    }
    if code < 0 {
      request.deallocate()
      Unmanaged.passUnretained(self).release()
      // Not from within `connect`: its caller does not have the attempt yet.
      let attempt = LoopBound(self, on: stream.loop)
      stream.loop.post { attempt.value.finish(code) }
    }
  }

  private func finish(_ status: Int32) {
    guard let stream, let done else { return }
    self.stream = nil
    self.done = nil
    stream.isConnecting = false
    stream.loop.noteActivity()
    if status == 0 {
      stream.didConnect()
      done(.success(stream))
    } else {
      stream.close()
      done(.failure(UVError(code: status, operation: "connect")))
    }
  }

  /// Abandons the attempt; `done` is not called any more.
  package func cancel() {
    done = nil
    stream?.close()
    stream = nil
  }
}

extension TCPStream {
  /// Connects to `address`; `done` is called once on the loop, not before this returns.
  package static func connect(
    on loop: Loop, to address: SocketAddress, _ done: @escaping (Result<TCPStream, UVError>) -> Void
  ) -> ConnectAttempt {
    let attempt = ConnectAttempt(on: loop, done)
    attempt.start(address)
    return attempt
  }
}

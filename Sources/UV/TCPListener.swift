internal import CUV

/// A listening TCP socket, confined to its loop.
package final class TCPListener: LoopResource {
  /// A connection could not be accepted, mostly for want of file descriptors; listening goes on.
  package var onError: ((UVError) -> Void)?
  /// Where it listens, with the port that the system chose if 0 was asked for.
  package private(set) var address: SocketAddress

  private let loop: Loop
  private let handle: UnsafeMutablePointer<uv_tcp_t>
  private var accepted: ((TCPStream) -> Void)?
  private var isClosed = false

  /// Listens at `address`; `accepted` gets every connection, not yet reading.
  package static func listen(
    on loop: Loop, at address: SocketAddress, backlog: Int32 = 511, _ accepted: @escaping (TCPStream) -> Void
  ) throws(UVError) -> TCPListener {
    let listener = TCPListener(on: loop, at: address, accepted)
    do {
      try listener.open(backlog: backlog)
    } catch {
      listener.close()
      throw error
    }
    return listener
  }

  private init(on loop: Loop, at address: SocketAddress, _ accepted: @escaping (TCPStream) -> Void) {
    self.loop = loop
    self.address = address
    self.accepted = accepted
    handle = .allocate(capacity: 1)
    uv_tcp_init(loop.handle, handle)
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.register(self)
  }

  private func open(backlog: Int32) throws(UVError) {
    try UVError.check(address.withSockaddr { uv_tcp_bind(handle, $0, 0) }, "listen")
    let stream = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    let code = uv_listen(stream, backlog) { server, status in
      guard let data = server?.pointee.data else { return }
      Unmanaged<TCPListener>.fromOpaque(data).takeUnretainedValue().didConnect(status)
    }
    try UVError.check(code, "listen")
    var storage = sockaddr_storage()
    var size = Int32(MemoryLayout<sockaddr_storage>.size)
    let named = withUnsafeMutablePointer(to: &storage) {
      uv_tcp_getsockname(handle, UnsafeMutableRawPointer($0).assumingMemoryBound(to: sockaddr.self), &size)
    }
    try UVError.check(named, "listen")
    if let bound = SocketAddress(storage) { address = bound }
  }

  private func didConnect(_ status: Int32) {
    guard !isClosed else { return }
    guard status == 0 else {
      onError?(UVError(code: status, operation: "accept"))
      return
    }
    let stream = TCPStream(on: loop)
    let server = UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
    let client = UnsafeMutableRawPointer(stream.handle).assumingMemoryBound(to: uv_stream_t.self)
    let code = uv_accept(server, client)
    guard code == 0 else {
      stream.close()
      onError?(UVError(code: code, operation: "accept"))
      return
    }
    stream.didConnect()
    accepted?(stream)
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    accepted = nil
    onError = nil
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self)) { handle in
      guard let data = handle?.pointee.data else { return }
      let listener = Unmanaged<TCPListener>.fromOpaque(data).takeRetainedValue()
      listener.loop.unregister(listener)
      listener.handle.deallocate()
    }
  }

  func closeWithLoop() { close() }
}

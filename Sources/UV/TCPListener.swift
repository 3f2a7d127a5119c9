internal import CUV

/// A listening TCP socket, confined to its loop.
///
/// Connections are accepted here and not by libuv: libuv closes them silently when the process has no descriptors left, and accepts all
/// waiting connections in one turn of the loop.
package final class TCPListener: LoopResource {
  /// A connection could not be accepted; listening continues. If no descriptors are left (`isOutOfDescriptors`), the connection is closed,
  /// because its peer would otherwise wait for an answer.
  package var onError: ((UVError) -> Void)?
  /// The address that it listens at; if port 0 was requested, with the port that the system chose.
  package private(set) var address: SocketAddress

  private let loop: Loop
  private let handle: UnsafeMutablePointer<uv_poll_t>
  private let descriptor: Int32
  /// Released when no descriptors are left, so that a connection can be accepted and closed.
  private var reserve: Int32
  private var accepted: ((TCPStream) -> Void)?
  private var isClosed = false

  /// The most connections that are accepted in one turn of the loop.
  private static let acceptsPerTurn = 64
  /// How long nothing is accepted when no descriptor is free and none is reserved.
  private static let pauseNanoseconds: UInt64 = 50_000_000
  /// TCP keep-alive: the idle time before the first probe and the interval between probes (in seconds), and the number of unanswered probes
  /// after which the system ends the connection.
  static let keepAlive = (idle: Int32(60), interval: Int32(10), probes: Int32(3))

  /// Listens at `address`; `accepted` is called with every connection, which is not reading yet.
  package static func listen(
    on loop: Loop, at address: SocketAddress, backlog: Int32 = 511, _ accepted: @escaping (TCPStream) -> Void
  ) throws(UVError) -> TCPListener {
    let descriptor = address.withSockaddr { cuv_listen($0, backlog) }
    try UVError.check(descriptor, "listen")
    let handle = UnsafeMutablePointer<uv_poll_t>.allocate(capacity: 1)
    let code = uv_poll_init(loop.handle, handle, descriptor)
    guard code == 0 else {
      handle.deallocate()
      cuv_close(descriptor)
      throw UVError(code: code, operation: "listen")
    }
    let listener = TCPListener(on: loop, at: address, handle, descriptor, accepted)
    do {
      try listener.start()
    } catch {
      listener.close()
      throw error
    }
    return listener
  }

  private init(
    on loop: Loop, at address: SocketAddress, _ handle: UnsafeMutablePointer<uv_poll_t>, _ descriptor: Int32,
    _ accepted: @escaping (TCPStream) -> Void
  ) {
    self.loop = loop
    self.address = address
    self.handle = handle
    self.descriptor = descriptor
    self.accepted = accepted
    reserve = cuv_reserve_descriptor()
    // Retained until the handle is closed: libuv calls back with it.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.register(self)
  }

  private func start() throws(UVError) {
    if let bound = SocketAddress(ofSocket: descriptor) { address = bound }
    let keepAlive = TCPListener.keepAlive
    try UVError.check(
      cuv_keep_alive(descriptor, keepAlive.idle, keepAlive.interval, keepAlive.probes), "listen")
    try UVError.check(startPolling(), "listen")
  }

  private func startPolling() -> Int32 {
    uv_poll_start(handle, Int32(UV_READABLE.rawValue)) { handle, _, _ in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<TCPListener>.fromOpaque(data).takeUnretainedValue().acceptAll()
    }
  }

  private func acceptAll() {
    for _ in 0..<TCPListener.acceptsPerTurn where !isClosed {
      let connection = cuv_accept(descriptor)
      guard connection < 0 else {
        adopt(connection)
        continue
      }
      if connection == UV_EAGAIN.rawValue { return }
      let error = UVError(code: connection, operation: "accept")
      onError?(error)
      if error.isOutOfDescriptors && !refuse() { pause() }
      return
    }
  }

  private func adopt(_ connection: Int32) {
    let stream = TCPStream(on: loop)
    let code = stream.adopt(connection)
    guard code == 0 else {
      cuv_close(connection)
      stream.close()
      onError?(UVError(code: code, operation: "accept"))
      return
    }
    loop.noteActivity()
    accepted?(stream)
  }

  /// Accepts a connection with the reserved descriptor and closes it; returns `false` if no descriptor is reserved.
  private func refuse() -> Bool {
    guard !isClosed else { return true }
    if reserve >= 0 { cuv_close(reserve) }
    let connection = cuv_accept(descriptor)
    if connection >= 0 { cuv_close(connection) }
    reserve = cuv_reserve_descriptor()
    return connection >= 0
  }

  /// Accepts nothing for a while: the poll would return at once as long as connections wait and no descriptor is free.
  private func pause() {
    uv_poll_stop(handle)
    let timer = LoopTimer(on: loop)
    timer.start(afterNanoseconds: TCPListener.pauseNanoseconds) { [weak self] in
      timer.close()
      self?.resume()
    }
  }

  private func resume() {
    guard !isClosed, accepted != nil else { return }
    let code = startPolling()
    if code < 0 { onError?(UVError(code: code, operation: "listen")) }
  }

  /// Accepts nothing until `resume(_:)`: connections wait in the system's queue, and the port stays taken.
  package func suspend() {
    guard !isClosed else { return }
    accepted = nil
    onError = nil
    uv_poll_stop(handle)
  }

  /// Accepts connections again; `accepted` is called with every connection from now on.
  package func resume(_ accepted: @escaping (TCPStream) -> Void) {
    self.accepted = accepted
    resume()
  }

  /// Stops listening and frees the port.
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
    // The closing handle no longer polls the socket.
    cuv_close(descriptor)
    if reserve >= 0 { cuv_close(reserve) }
  }

  func closeWithLoop() { close() }
}

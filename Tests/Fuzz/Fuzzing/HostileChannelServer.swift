import III
import TestSupport
import UV

/// An engine that lets everybody in at the end of a channel, sends the bytes it was told to, and ends the connection.
actor HostileChannelServer {
  private struct Plan {
    let bytes: [UInt8]
    /// Whether a close frame follows, after which the client ends the connection.
    let endsSoundly: Bool
    /// 0: the connection is closed, otherwise it is reset.
    let way: Int
  }

  private let loop: Loop
  private var listener: TCPListener?
  private var plan = Plan(bytes: [], endsSoundly: true, way: 0)
  private var connections: [ObjectIdentifier: TCPStream] = [:]

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private init(on loop: Loop) { self.loop = loop }

  static func start() async throws -> HostileChannelServer {
    let server = HostileChannelServer(on: TestLoop.shared)
    try await server.listen()
    return server
  }

  private func listen() throws {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: 0) else { throw FuzzFailure("no loopback") }
    listener = try TCPListener.listen(on: loop, at: address) { [self] stream in accepted(stream) }
  }

  func stop() {
    listener?.close()
    for stream in connections.values { stream.close() }
    connections = [:]
  }

  /// What the next connection is sent; returns the URL.
  func serve(_ bytes: [UInt8], endsSoundly: Bool, way: Int) throws -> String {
    guard let listener else { throw FuzzFailure("the hostile engine does not listen") }
    plan = Plan(bytes: bytes, endsSoundly: endsSoundly, way: way)
    return "ws://127.0.0.1:\(listener.address.port)"
  }

  private func accepted(_ stream: TCPStream) {
    connections[ObjectIdentifier(stream)] = stream
    var parser = HTTPHeadParser()
    var isOpen = false
    stream.onRead = { [self, unowned stream] chunk in
      if isOpen { return }
      guard case .complete(let request, _) = parser.request(ByteView(UnsafeRawBufferPointer(chunk))),
        case .accepted(let response) = Upgrade.check(request, isKnownPath: true)
      else { return }
      isOpen = true
      play(response.bytes(secondsSinceEpoch: 0), on: stream)
    }
    stream.onEnd = { [self, unowned stream] _ in connections[ObjectIdentifier(stream)] = nil }
    stream.startReading()
  }

  private func play(_ response: [UInt8], on stream: TCPStream) {
    var bytes = response + plan.bytes
    if plan.endsSoundly {
      var close = RawFrame.close(1000)
      close.isMasked = false
      bytes += close.encoded()
    }
    bytes.withUnsafeBytes { stream.write($0) }
    if plan.endsSoundly { return }
    if plan.way == 0 { stream.closeAfterFlush() } else { stream.reset() }
    connections[ObjectIdentifier(stream)] = nil
  }
}

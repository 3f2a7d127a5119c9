internal import UV

/// A WebSocket beside the worker's own, of one end of a channel or for telemetry: opens it, and turns bytes into frames and frames into
/// bytes. Confined to the loop.
final class ChannelSocket {
  /// What the socket tells its owner. Each is called on the loop.
  struct Events {
    var opened: () -> Void
    /// The connection could not be opened.
    var failed: (IIIChannelError.Reason) -> Void
    var frame: (FrameEvent) -> Void
    /// The connection ended without being closed here.
    var ended: (_ reason: String) -> Void
    /// The socket has room: gives it the next frame; `false` if there is none.
    var fill: () -> Bool
  }

  private let access: ChannelAccess
  private let url: WebSocketURL
  private var events: Events?
  private var dialer: Dialer?
  private var transport: Transport?
  private var reader = FrameReader(
    role: .client, limits: FrameLimits(maxFrameBytes: 64 << 20, maxMessageBytes: 64 << 20))
  private var timeout: TimerToken?
  private var awaited = "TCP connection"

  /// How long an ended connection may take to send its last bytes.
  private static let closeTimeout = Duration.seconds(5)

  init(_ access: ChannelAccess, _ url: WebSocketURL) {
    self.access = access
    self.url = url
  }

  func open(_ events: Events) {
    self.events = events
    let key = Upgrade.newKey()
    let request: [UInt8]
    do throws(UpgradeFailure) {
      request = try Upgrade.request(url, headers: access.headers, key: key)
    } catch {
      fail(.noConnection(error.text))
      return
    }
    var tls = access.tls
    let context = tls?.context { access.log(.warn, $0) }
    let dialer = Dialer(on: access.host.loop, url, tls: context, request: request, key: key) { [self] event in
      switch event {
      case .connected(let awaiting): awaited = awaiting
      case .failed(let reason, let status): fail(status == 404 ? .notFound : .noConnection(reason))
      case .opened(let transport, let rest): opened(transport, rest)
      }
    }
    self.dialer = dialer
    timeout = access.host.timers.schedule(after: access.handshakeTimeout) { [self] in
      timeout = nil
      fail(.noConnection("no \(awaited) within \(access.handshakeTimeout)"))
    }
    dialer.start()
  }

  private func opened(_ transport: Transport, _ rest: UnsafeMutableRawBufferPointer) {
    stopWaiting()
    dialer = nil
    self.transport = transport
    transport.listen(
      onRead: { [self] in read($0) },
      onEnd: { [self] end in
        let events = take()
        switch end {
        case .eof: events?.ended("the engine ended the connection without a Close")
        case .truncated: events?.ended("TCP ended without the end of TLS")
        case .failed(let reason): events?.ended(reason)
        }
      },
      output: Transport.Output(
        fill: { [self] in events?.fill() ?? false },
        refused: { _ in Transport.Refusal(keep: .max, probe: []) },
        drained: { [self] in self.transport?.flushLater() }))
    events?.opened()
    if !rest.isEmpty { read(rest) }
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer) {
    reader.append(bytes)
    while let event = reader.next() {
      guard let events else { return }
      if case .ping(let payload) = event { write(.pong, payload) } else { events.frame(event) }
    }
  }

  private var keys = RandomSource()

  /// Writes a frame; it leaves at the end of the loop's turn.
  func write(_ opcode: Opcode, _ payload: ByteView) {
    transport?.write(FrameEncoder.clientMessage(opcode, payload, keys: &keys))
  }

  func write(close code: UInt16, _ reason: String) {
    transport?.write(FrameEncoder.close(code, reason: reason, maskKey: keys.maskKey()))
  }

  /// Has `fill` called when the socket has room.
  func flushLater() { transport?.flushLater() }

  func stopReading() { transport?.stopReading() }
  func startReading() { transport?.startReading() }

  /// Ends the connection: at once, or when what was written has been sent. No event follows.
  func close(afterFlush: Bool = false) {
    let transport = transport
    _ = take()
    guard let transport else { return }
    if afterFlush {
      transport.closeAfterFlush()
      access.host.timers.schedule(after: Self.closeTimeout) { transport.close() }
    } else {
      transport.close()
    }
  }

  private func fail(_ reason: IIIChannelError.Reason) { take()?.failed(reason) }

  /// Forgets the owner and the connection.
  private func take() -> Events? {
    stopWaiting()
    dialer?.cancel()
    dialer = nil
    transport = nil
    defer { events = nil }
    return events
  }

  private func stopWaiting() {
    if let timeout { access.host.timers.cancel(timeout) }
    timeout = nil
  }
}

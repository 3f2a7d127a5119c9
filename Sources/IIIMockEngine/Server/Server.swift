internal import III
internal import UV

/// The engine's connections and what its router makes of them. Confined to the engine's loop: `EngineCore` owns it.
final class Server {
  let loop: Loop
  let timers: LoopTimers
  let configuration: MockEngine.Configuration
  var router: Router

  private var listeners: [TCPListener] = []
  /// Connections that are workers, at their places in the router's table.
  private var workers: [Peer?] = []
  /// All connections that have not ended.
  private var peers: [ObjectIdentifier: Peer] = [:]
  var channels = ChannelRegistry()

  private(set) var diagnostics: [Diagnostic] = []
  /// Called after each event: those who wait for one look whether it was theirs.
  var onEvent: ((EngineEvent) -> Void)?

  /// Above this much unsent output a worker is not read until it has caught up.
  private static let highWater = 1 << 20
  /// From this much on a worker that does not read is worth a warning.
  private static let warningBytes = 16 << 20
  /// How long a peer may take to end its side after a closing handshake.
  private static let lingering = Duration.seconds(5)
  private static let keptDiagnostics = 1000

  init(on loop: Loop, time: TimeSource, _ configuration: MockEngine.Configuration) {
    self.loop = loop
    timers = LoopTimers(on: loop, source: time)
    self.configuration = configuration
    router = Router(
      compatibility: configuration.compatibility, isTracingEnabled: configuration.isTracingEnabled,
      observability: configuration.observability,
      inProcess: InProcessWorker.all(
        listeners: configuration.listeners.count, atMilliseconds: wallClockMilliseconds()))
  }

  // MARK: Functions

  /// Compares the functions with those before, now and then, for as long as the engine runs.
  func pollFunctions() {
    _ = timers.schedule(after: Router.functionsPollInterval) { [unowned self] in
      router.pollFunctions(self)
      pollFunctions()
    }
  }

  // MARK: Listening

  /// Listens at `address`; returns where, with the port that was chosen.
  func listen(at address: SocketAddress) throws(UVError) -> SocketAddress {
    let listener = try TCPListener.listen(on: loop, at: address) { [unowned self] stream in accept(stream) }
    listener.onError = { [unowned self] error in
      note(.warning("a connection could not be accepted: \(error.reason); raise the limit of open files (ulimit -n)"))
    }
    listeners.append(listener)
    return listener.address
  }

  private func accept(_ stream: TCPStream) {
    let peer = Peer(stream)
    peers[ObjectIdentifier(peer)] = peer
    // The ties are cut when the stream is closed: until then each keeps the other.
    stream.onRead = { [unowned self] bytes in received(bytes, from: peer) }
    stream.onEnd = { [unowned self] end in
      finish(peer, because: end == .eof ? "the connection was closed without a Close" : "the connection was lost")
    }
    stream.onBacklog = { [unowned self] waiting in fellBehind(peer, waiting) }
    stream.onDrain = { [unowned self, unowned peer] in caughtUp(peer) }
    if let limit = configuration.compatibility.handshakeTimeout {
      peer.timer = timers.schedule(after: limit) { [unowned self] in
        peer.timer = nil
        finish(peer, because: "no request came")
      }
    }
    stream.startReading()
  }

  // MARK: Reading

  private func received(_ chunk: UnsafeMutableRawBufferPointer, from peer: Peer) {
    switch peer.phase {
    case .handshake: readHead(chunk, from: peer)
    case .worker, .telemetry, .channel:
      peer.reader.append(chunk)
      readFrames(from: peer)
    case .ended: break
    }
  }

  private func readHead(_ chunk: UnsafeMutableRawBufferPointer, from peer: Peer) {
    switch peer.head.request(ByteView(UnsafeRawBufferPointer(chunk))) {
    case .needMore: break
    case .malformed(let error):
      let answer = Upgrade.refusal(of: error)
      if let answer { send(answer, to: peer) }
      close(peer, because: "\(error)")
    case .complete(let request, let consumed):
      stopTimer(of: peer)
      guard admit(request, from: peer) else { return close(peer, because: "no upgrade") }
      if consumed < chunk.count {
        peer.reader.append(chunk, droppingFirst: consumed)
        readFrames(from: peer)
      }
    }
  }

  /// Answers a request; whether frames follow.
  private func admit(_ request: HTTPRequestHead, from peer: Peer) -> Bool {
    let path = request.path
    if let id = ChannelRequest.id(in: path) { return admit(request, toChannel: id, from: peer) }
    let verdict = Upgrade.check(request, isKnownPath: path == "/" || path == "/otel")
    send(verdict.response, to: peer)
    guard case .accepted = verdict else { return false }
    if path == "/" { becomeWorker(peer) } else { peer.phase = .telemetry }
    return true
  }

  func send(_ response: HTTPResponse, to peer: Peer) {
    peer.send(response.bytes(secondsSinceEpoch: wallClockMilliseconds() / 1000))
  }

  private func becomeWorker(_ peer: Peer) {
    let id = router.admit(
      ipAddress: peer.stream.peerAddress?.host, atMilliseconds: wallClockMilliseconds())
    let slot = Int(id.slot)
    if slot == workers.count { workers.append(peer) } else { workers[slot] = peer }
    peer.phase = .worker(id)
    router.welcome(id, self)
  }

  private func readFrames(from peer: Peer) {
    let end: Router.ConnectionEnd?
    switch peer.phase {
    // One access to reader and router a read, however many messages it brought.
    case .worker(let id): end = router.read(&peer.reader, from: id, self)
    case .telemetry: end = router.readTelemetry(&peer.reader, self) { peer.send(.pong, $0) }
    case .channel(let relay, let direction): end = relay.read(peer, direction)
    case .handshake, .ended: return
    }
    switch end {
    case .closed(let reason):
      // Channels give the reason back as well, as the real engine does to their writers.
      let text = if case .channel = peer.phase { reason.reason } else { "" }
      peer.send(FrameEncoder.close(reason.code, reason: text, maskKey: nil))
      close(peer, because: reason.code.map { "closed by the worker (\($0))" } ?? "closed by the worker")
    case .broken(let violation):
      peer.send(FrameEncoder.close(violation.closeCode, reason: violation.closeReason, maskKey: nil))
      broke(violation, peer)
      close(peer, because: "\(violation)")
    case nil: break
    }
  }

  private func broke(_ violation: FrameViolation, _ peer: Peer) {
    if case .channel(_, let direction) = peer.phase {
      note(.warning("the connection at a channel's \(direction) end was dropped: \(violation)"))
    }
    guard case .worker(let id) = peer.phase, let worker = router.workers[id] else { return }
    note(
      .frameIgnored(
        Diagnostic(
          worker: worker.label, kind: "frame", problem: "WebSocket protocol: \(violation)",
          hint: "the connection was dropped")))
  }

  // MARK: Back-pressure

  private func fellBehind(_ peer: Peer, _ waiting: Int) {
    guard case .worker(let id) = peer.phase, let label = router.workers[id]?.label else { return }
    if waiting > Server.highWater { peer.stream.stopReading() }
    if waiting > configuration.maxUnsentBytes {
      note(.slowWorker(worker: label, unsentBytes: waiting))
      finish(peer, because: "it did not read: \(waiting) bytes waited, the limit is \(configuration.maxUnsentBytes)")
    } else if waiting > Server.warningBytes && !peer.isSlow {
      peer.isSlow = true
      note(.slowWorker(worker: label, unsentBytes: waiting))
    }
  }

  private func caughtUp(_ peer: Peer) {
    if case .channel(let relay, let direction) = peer.phase { return relay.drained(direction) }
    peer.isSlow = false
    peer.stream.startReading()
  }

  // MARK: Ends

  /// Ends a connection to which something has still to be sent: its answer, or a Close.
  func close(_ peer: Peer, because reason: String) {
    leave(peer, because: reason)
    let stream = peer.stream
    stream.closeAfterFlush()
    guard !stream.isClosed else { return }
    _ = timers.schedule(after: Server.lingering) { [weak stream] in stream?.close() }
  }

  /// Ends a connection at once, or notes that it has ended.
  func finish(_ peer: Peer, because reason: String) {
    leave(peer, because: reason)
    peer.stream.close()
  }

  private func leave(_ peer: Peer, because reason: String) {
    stopTimer(of: peer)
    peers[ObjectIdentifier(peer)] = nil
    let phase = peer.phase
    peer.phase = .ended
    switch phase {
    case .worker(let id):
      workers[Int(id.slot)] = nil
      router.disconnect(id, because: reason, self)
    case .channel(let relay, let direction): relay.ended(direction)
    case .handshake, .telemetry, .ended: break
    }
  }

  private func stopTimer(of peer: Peer) {
    if let timer = peer.timer { timers.cancel(timer) }
    peer.timer = nil
  }

  /// Ends everything: workers and ends of channels are dropped without a Close, so that every SDK connects again; telemetry gets one.
  func shutDown() {
    for listener in listeners { listener.close() }
    listeners = []
    for peer in peers.values {
      switch peer.phase {
      case .telemetry:
        peer.send(FrameEncoder.close(nil, maskKey: nil))
        close(peer, because: "the engine shut down")
      // Dropped, as workers are: a reader is not told that all has come.
      case .channel: peer.phase = .ended
      case .handshake, .worker, .ended: break
      }
    }
    for peer in peers.values { finish(peer, because: "the engine shut down") }
    timers.close()
  }
}

extension Server: RouterOutput {
  // Called by the router, which is being changed meanwhile: nothing here looks at it.

  func send(text: some OutgoingText, to id: PeerID) -> Int {
    let slot = Int(id.slot)
    guard slot < workers.count, let peer = workers[slot] else { return 0 }
    return peer.send(text)
  }

  func pong(_ payload: ByteView, to id: PeerID) {
    let slot = Int(id.slot)
    if slot < workers.count { workers[slot]?.send(.pong, payload) }
  }

  func drop(_ id: PeerID, because reason: String) {
    let slot = Int(id.slot)
    guard slot < workers.count, let peer = workers[slot] else { return }
    workers[slot] = nil
    peer.phase = .ended
    finish(peer, because: reason)
  }

  func makeChannel(capacity: Int?) -> ChannelName {
    let name = ChannelName.random()
    channels.add(ChannelRelay(name, capacity: capacity, created: now, on: self))
    return name
  }

  var wantsEvents: Bool { configuration.onEvent != nil }
  var now: UInt64 { timers.now }
  var wallClock: UInt64 { wallClockNanoseconds() }

  func note(_ event: EngineEvent) {
    if case .frameIgnored(let diagnostic) = event {
      if diagnostics.count == Server.keptDiagnostics { diagnostics.removeFirst() }
      diagnostics.append(diagnostic)
    }
    configuration.onEvent?(event)
    onEvent?(event)
  }
}

internal import III
internal import UV

/// The connections of an engine: where bytes become frames and frames become bytes. Confined to the engine's loop.
final class Peers {
  unowned let engine: Engine
  private let timers: LoopTimers
  private let configuration: MockEngine.Configuration
  /// Connections that are workers, at their places in the router's table.
  private var workers: [Peer?] = []
  /// All connections that have not ended.
  private var all: [ObjectIdentifier: Peer] = [:]

  /// Above this much unsent output a worker is not read until it has caught up.
  private static let highWater = 1 << 20
  /// From this much on a worker that does not read is worth a warning.
  private static let warningBytes = 16 << 20
  /// How long a peer may take to end its side after a closing handshake.
  private static let lingering = Duration.seconds(5)

  init(_ engine: Engine, timers: LoopTimers, _ configuration: MockEngine.Configuration) {
    self.engine = engine
    self.timers = timers
    self.configuration = configuration
  }

  // MARK: The beginning of connections

  /// Takes a connection of a listener whose connections begin with the request of a WebSocket, unless it has a role.
  func accept(_ stream: TCPStream, _ role: (any ListenerRole)?) {
    let peer = Peer(stream, of: self)
    all[ObjectIdentifier(peer)] = peer
    // The closures are removed when the stream is closed: until then each keeps the other.
    stream.onRead = { [unowned self] bytes in received(bytes, from: peer) }
    stream.onEnd = { [unowned self] end in
      finish(peer, because: end == .eof ? "the connection was closed without a Close" : "the connection was lost")
    }
    stream.onBacklog = { [unowned self] waiting in fellBehind(peer, waiting) }
    stream.onDrain = { [unowned self, unowned peer] in caughtUp(peer) }
    if let role = role?.accepted(peer) {
      peer.become(role)
    } else if let limit = configuration.compatibility.handshakeTimeout {
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
    case .worker(let id):
      peer.reader.append(chunk)
      readFrames(from: peer, id)
    case .role(let role): role.received(chunk, on: peer)
    case .opening: readHead(chunk, from: peer)
    case .ended: break
    }
  }

  private func readHead(_ chunk: UnsafeMutableRawBufferPointer, from peer: Peer) {
    switch peer.head.request(ByteView(UnsafeRawBufferPointer(chunk))) {
    case .needMore: break
    case .malformed(let error):
      let answer = Upgrade.refusal(of: error)
      if let answer { peer.send(answer) }
      close(peer, because: "\(error)")
    case .complete(let request, let consumed):
      stopTimer(of: peer)
      admit(request, from: peer)
      // A request that was not accepted has been answered.
      if case .opening = peer.phase { return close(peer, because: "no upgrade") }
      if consumed < chunk.count { received(UnsafeMutableRawBufferPointer(rebasing: chunk[consumed...]), from: peer) }
    }
  }

  private func admit(_ request: HTTPRequestHead, from peer: Peer) {
    if request.path != "/", engine.admit(request, on: peer) { return }
    let verdict = Upgrade.check(request, isKnownPath: request.path == "/")
    peer.send(verdict.response)
    if case .accepted = verdict { becomeWorker(peer) }
  }

  private func becomeWorker(_ peer: Peer) {
    let id = engine.connected(ipAddress: peer.stream.peerAddress?.host)
    let slot = Int(id.slot)
    if slot == workers.count { workers.append(peer) } else { workers[slot] = peer }
    peer.phase = .worker(id)
    engine.welcome(id)
  }

  private func readFrames(from peer: Peer, _ id: PeerID) {
    // One access to reader and router a read, however many messages it brought.
    switch engine.read(&peer.reader, from: id) {
    case .closed(let reason): peer.answer(reason, echoing: "")
    case .broken(let violation):
      if let label = engine.label(of: id) {
        engine.note(
          .frameIgnored(
            Diagnostic(
              worker: label, kind: "frame", problem: "WebSocket protocol: \(violation)",
              hint: "the connection was dropped")))
      }
      peer.refuse(violation)
    case nil: break
    }
  }

  // MARK: Writing to workers

  func send(text: some OutgoingText, to id: PeerID) -> Int {
    let slot = Int(id.slot)
    guard slot < workers.count, let peer = workers[slot] else { return 0 }
    return peer.send(text)
  }

  func pong(_ payload: ByteView, to id: PeerID) {
    let slot = Int(id.slot)
    if slot < workers.count { workers[slot]?.send(.pong, payload) }
  }

  /// Drops a worker that the router has forgotten already.
  func drop(_ id: PeerID, because reason: String) {
    let slot = Int(id.slot)
    guard slot < workers.count, let peer = workers[slot] else { return }
    workers[slot] = nil
    peer.drop(because: reason)
  }

  // MARK: Back-pressure

  private func fellBehind(_ peer: Peer, _ waiting: Int) {
    guard case .worker(let id) = peer.phase, let label = engine.label(of: id) else { return }
    if waiting > Peers.highWater { peer.stream.stopReading() }
    if waiting > configuration.maxUnsentBytes {
      engine.note(.slowWorker(worker: label, unsentBytes: waiting))
      finish(peer, because: "it did not read: \(waiting) bytes waited, the limit is \(configuration.maxUnsentBytes)")
    } else if waiting > Peers.warningBytes && !peer.isSlow {
      peer.isSlow = true
      engine.note(.slowWorker(worker: label, unsentBytes: waiting))
    }
  }

  private func caughtUp(_ peer: Peer) {
    if case .role(let role) = peer.phase { return role.drained(peer) }
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
    _ = timers.schedule(after: Peers.lingering) { [weak stream] in stream?.close() }
  }

  /// Ends a connection at once, or notes that it has ended.
  func finish(_ peer: Peer, because reason: String) {
    leave(peer, because: reason)
    peer.stream.close()
  }

  private func leave(_ peer: Peer, because reason: String) {
    stopTimer(of: peer)
    all[ObjectIdentifier(peer)] = nil
    let phase = peer.phase
    peer.phase = .ended
    switch phase {
    case .worker(let id):
      workers[Int(id.slot)] = nil
      engine.disconnected(id, because: reason)
    case .role(let role): role.ended(peer)
    case .opening, .ended: break
    }
  }

  private func stopTimer(of peer: Peer) {
    if let timer = peer.timer { timers.cancel(timer) }
    peer.timer = nil
  }

  /// Ends every connection. Workers are dropped without a Close, so that every SDK connects again.
  func shutDown() {
    for peer in all.values {
      guard case .role(let role) = peer.phase else { continue }
      role.engineStops(peer)
      // Its role is not told: the reader of a channel would hear that all has come.
      peer.phase = .ended
    }
    for peer in all.values { finish(peer, because: "the engine shut down") }
  }
}

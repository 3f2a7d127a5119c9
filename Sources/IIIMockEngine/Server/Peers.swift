internal import III
internal import UV

/// The connections of an engine: where bytes become frames and frames become bytes. Confined to the engine's loop.
final class Peers {
  /// Set by the engine, which owns this, before there are connections.
  unowned var engine: Engine?
  let budget: ReadBudget
  let timers: LoopTimers
  // Kept here too, because asking the engine for them costs as much as an entry of the journal.
  private let journal: JournalRecorder
  private let faults: FaultTable
  private let configuration: MockEngine.Configuration
  /// Connections that are workers, at their places in the router's table. Unchecked, because it is looked at for every message, and
  /// nothing is called while it is being changed.
  @exclusivity(unchecked) private var workers: [Peer?] = []
  /// All connections that have not ended.
  private(set) var all: [ObjectIdentifier: Peer] = [:]
  /// Connections that have ended for the engine only, by faults.
  private var abandoned: [ObjectIdentifier: TCPStream] = [:]
  /// How many connections were accepted.
  private var accepted: UInt32 = 0

  /// Above this much unsent output a peer is not read until it is down to `lowWater`.
  private static let highWater = 64 << 20
  private static let lowWater = 32 << 20
  /// Above this much unsent output the log says that the peer does not read.
  private static let warningBytes = 16 << 20
  /// Above this much output of one turn the limits are checked before each message, and not only at the turn's end.
  private static let turnOutput = 1 << 20
  /// How long a peer may take to end its side after a closing handshake.
  private static let lingering = Duration.seconds(5)

  init(
    on loop: Loop, timers: LoopTimers, _ configuration: MockEngine.Configuration, journal: JournalRecorder,
    faults: FaultTable
  ) {
    budget = ReadBudget(on: loop)
    self.timers = timers
    self.journal = journal
    self.faults = faults
    self.configuration = configuration
  }

  /// Connections of an engine that has restarted are numbered on, for the journal.
  func continueNumbers(of old: Peers) { accepted = old.accepted }

  /// Whether a fault concerns frames, or one is held.
  var faultsConcernFrames: Bool { faults.concernsFrames }

  /// The present by the engine's wall clock; nanoseconds.
  var wallClock: UInt64 { timers.source.wallClock }

  // MARK: What peers have read

  /// Pings the workers that do not run on this loop and were sent something since their last pong; returns those whose pong is awaited.
  func acknowledge() -> [WorkerLabel] {
    workers.compactMap { peer in
      guard let peer, case .worker(let id) = peer.phase, !peer.stream.isOfThisLoop,
        !(engine?.holds.isHeld(peer) ?? false),
        peer.acknowledgement.isOwed(peer.stream.bytesQueued)
      else { return nil }
      if let payload = peer.acknowledgement.ask() {
        payload.withView { peer.send(.ping, $0) }
        peer.acknowledgement.asked(at: peer.stream.bytesQueued)
      }
      return engine?.label(of: id)
    }
  }

  /// Peers that owe a pong answer none: they are not asked again.
  func stopAcknowledging() {
    for case let peer? in workers where peer.acknowledgement.isOwed(peer.stream.bytesQueued) {
      guard case .worker(let id) = peer.phase, !peer.stream.isOfThisLoop else { continue }
      peer.acknowledgement.isRefused = true
      if let label = engine?.label(of: id) {
        engine?.note(
          .warning("\(label) answers no pings: what it is sent counts as read at once when the engine settles"))
      }
    }
  }

  func ponged(_ payload: ByteView, from id: PeerID) { connection(of: id)?.acknowledgement.ponged(payload) }

  // MARK: The beginning of connections

  /// Takes a connection of a listener whose connections begin with the request of a WebSocket, unless it has a role.
  ///
  /// - Parameter listener: The listener's number, if it is one for workers.
  func accept(_ stream: TCPStream, _ role: (any ListenerRole)?, listener: Int, builtIn: ByteKey? = nil) {
    accepted &+= 1
    // A fault that was set before is in force for this connection.
    engine?.access.applyCommands()
    if role == nil, refuses(stream, number: accepted) { return }
    let peer = Peer(stream, of: self, number: accepted, listener: listener, builtIn: builtIn)
    engine?.noteOpened(peer)
    if role == nil, engine?.access.listeners[listener].policy.rules?.authFunctionID != nil {
      // Nothing behind the request is kept that would not fit.
      stream.readLimit = AuthenticatingConnection.limit
    }
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

  func received(_ chunk: UnsafeMutableRawBufferPointer, from peer: Peer) {
    peer.shaper?.received(chunk.count)
    peer.handleRead { handle(chunk, from: peer) }
  }

  private func handle(_ chunk: UnsafeMutableRawBufferPointer, from peer: Peer) {
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
      if consumed < chunk.count { handle(UnsafeMutableRawBufferPointer(rebasing: chunk[consumed...]), from: peer) }
    }
  }

  private func admit(_ request: HTTPRequestHead, from peer: Peer) {
    guard let engine else { return }
    peer.stream.readLimit = nil
    if let refusal = engine.refusal(of: request) { return peer.send(refusal) }
    let isStalled = stalls(request, of: peer) { [unowned self, unowned peer] in
      answer(request, from: peer)
      if case .opening = peer.phase { close(peer, because: "no upgrade") }
    }
    if !isStalled { answer(request, from: peer) }
  }

  private func answer(_ request: HTTPRequestHead, from peer: Peer) {
    guard let engine else { return }
    if request.path != "/", engine.admit(request, on: peer) { return }
    let verdict = Upgrade.check(request, isKnownPath: request.path == "/")
    peer.send(verdict.response)
    if case .accepted = verdict {
      peer.authenticate(request) { [unowned self, unowned engine] in becomeWorker(peer, of: engine, $0) }
    }
  }

  private func becomeWorker(_ peer: Peer, of engine: Engine, _ access: ConnectionAccess) {
    let id = engine.connected(ipAddress: peer.stream.peerAddress?.host, access)
    let slot = Int(id.slot)
    if slot == workers.count { workers.append(peer) } else { workers[slot] = peer }
    peer.phase = .worker(id)
    engine.welcome(id)
  }

  private func readFrames(from peer: Peer, _ id: PeerID) {
    // One access to reader and router a read, however many messages it brought.
    guard let engine else { return }
    engine.journal.connection = peer.number
    defer { engine.journal.connection = 0 }
    switch engine.read(&peer.reader, from: id, within: budget) {
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
    guard slot < workers.count, let peer = workers[slot], hasRoom(peer) else { return 0 }
    if faults.concernsFrames, let engine { return sendThroughFaults(text, to: peer, of: engine) }
    let count = peer.send(text)
    text.record(count, to: peer.number, in: journal)
    return count
  }

  func pong(_ payload: ByteView, to id: PeerID) {
    let slot = Int(id.slot)
    guard slot < workers.count, let peer = workers[slot] else { return }
    peer.pong(payload)
    engine?.journal.sent(pong: payload, to: peer.number)
  }

  func connection(of id: PeerID) -> Peer? {
    let slot = Int(id.slot)
    return slot < workers.count ? workers[slot] : nil
  }

  /// Drops a worker that the router has forgotten already.
  func drop(_ id: PeerID, because reason: String) {
    let slot = Int(id.slot)
    guard slot < workers.count, let peer = workers[slot] else { return }
    workers[slot] = nil
    peer.drop(because: reason)
  }

  // MARK: Back-pressure

  /// Whether a peer may be sent more. Its output is held against its limits while it is made: the turn's end, when the
  /// connection reports its backlog, may come after much more of it.
  @inline(__always) func hasRoom(_ peer: Peer) -> Bool {
    peer.stream.unflushedBytes <= Peers.turnOutput || hasRoomForMuch(peer)
  }

  private func hasRoomForMuch(_ peer: Peer) -> Bool {
    let waiting = peer.stream.unsentBytes
    if waiting > Peers.highWater { peer.pause(.output) }
    guard waiting > configuration.maxUnsentBytes else { return true }
    if !peer.isOverflowing {
      peer.isOverflowing = true
      // Not at once: whoever sends may be changing the tables that a disconnection changes.
      let me = LoopBound((peers: self, peer: peer), on: peer.stream.loop)
      peer.stream.loop.post { me.value.peers.fellBehind(me.value.peer, waiting) }
    }
    return false
  }

  private func fellBehind(_ peer: Peer, _ waiting: Int) {
    if case .ended = peer.phase { return }
    if waiting > Peers.highWater {
      if !peer.pauses.contains(.output) || !peer.isAtHighWater {
        peer.isAtHighWater = true
        note(slow: peer, waiting)
      }
      peer.pause(.output)
    } else if waiting <= Peers.lowWater {
      peer.isAtHighWater = false
      peer.resume(.output)
    }
    if waiting > configuration.maxUnsentBytes {
      note(slow: peer, waiting)
      finish(peer, because: "it did not read: \(waiting) bytes waited, the limit is \(configuration.maxUnsentBytes)")
    } else if waiting > Peers.warningBytes && !peer.isSlow {
      peer.isSlow = true
      note(slow: peer, waiting)
    }
  }

  private func note(slow peer: Peer, _ waiting: Int) {
    switch peer.phase {
    case .worker(let id):
      guard let label = engine?.label(of: id) else { return }
      engine?.note(.slowWorker(worker: label, unsentBytes: waiting))
    case .role(let role):
      engine?.note(.warning("\(role.name) does not read: \(waiting) bytes wait for it"))
    case .opening, .ended: break
    }
  }

  private func caughtUp(_ peer: Peer) {
    peer.isSlow = false
    peer.isAtHighWater = false
    peer.resume(.output)
    if case .role(let role) = peer.phase { role.drained(peer) }
  }

  // MARK: Ends

  /// Ends a connection to which something has still to be sent: its answer, or a Close.
  func close(_ peer: Peer, because reason: String) {
    leave(peer, because: reason)
    peer.shaper?.letGo()
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

  func leave(_ peer: Peer, because reason: String) {
    stopTimer(of: peer)
    if all.removeValue(forKey: ObjectIdentifier(peer)) != nil { engine?.noteClosed(peer, because: reason) }
    let phase = peer.phase
    peer.phase = .ended
    switch phase {
    case .worker(let id):
      workers[Int(id.slot)] = nil
      engine?.disconnected(id, because: reason)
    case .role(let role): role.ended(peer)
    case .opening, .ended: break
    }
  }

  private func stopTimer(of peer: Peer) {
    if let timer = peer.timer { timers.cancel(timer) }
    peer.timer = nil
  }

  /// Ends the connections that a port has accepted; returns how many there were.
  func endAll(because reason: String, where isMeant: (Peer) -> Bool) -> Int {
    let peers = all.values.filter(isMeant).sorted { $0.number < $1.number }
    for peer in peers {
      if case .role(let role) = peer.phase { role.engineStops(peer) }
      peer.stream.flush()
      finish(peer, because: reason)
    }
    return peers.count
  }

  /// Ends every connection. Workers are dropped without a Close, so that every SDK connects again.
  func shutDown() {
    let peers = all.values.sorted { $0.number < $1.number }
    for peer in peers {
      guard case .role(let role) = peer.phase else { continue }
      role.engineStops(peer)
      // Its role is not told: the reader of a channel would hear that all has come.
      peer.phase = .ended
    }
    for peer in peers {
      // Answers of this turn still leave: the one to whoever asked for a restart, for example.
      peer.stream.flush()
      finish(peer, because: "the engine shut down")
    }
    for stream in abandoned.values { stream.reset() }
    abandoned = [:]
    // What was posted before and comes later finds no engine.
    engine = nil
  }

  /// The engine takes a connection for lost, and its peer does not.
  func abandon(_ peer: Peer, because reason: String) {
    leave(peer, because: reason)
    abandoned[ObjectIdentifier(peer.stream)] = peer.stream
  }

  /// The peer learns that its connection is lost.
  func resetAbandoned(_ stream: TCPStream) {
    abandoned[ObjectIdentifier(stream)] = nil
    stream.reset()
  }
}

/// What a peer is known to have read: all that was sent before a ping that it has answered.
struct Acknowledgement {
  /// The position in the sent bytes up to which the peer has read.
  private var position: UInt64 = 0
  private var pings: UInt64 = 0
  /// The position behind the ping that is not answered yet.
  private var awaited: UInt64?
  /// Whether the peer answers no pings.
  var isRefused = false

  private static let prefix = "iii settle "

  /// Whether the peer may not have read all of `sent` bytes.
  func isOwed(_ sent: UInt64) -> Bool { !isRefused && sent != position }

  /// The payload of a ping to send; `nil` while one is not answered.
  mutating func ask() -> [UInt8]? {
    guard awaited == nil else { return nil }
    pings += 1
    return Array("\(Acknowledgement.prefix)\(pings)".utf8)
  }

  /// The ping was written, up to this position.
  mutating func asked(at position: UInt64) { awaited = position }

  mutating func ponged(_ payload: ByteView) {
    guard let awaited, payload.array == Array("\(Acknowledgement.prefix)\(pings)".utf8) else { return }
    position = awaited
    self.awaited = nil
  }
}

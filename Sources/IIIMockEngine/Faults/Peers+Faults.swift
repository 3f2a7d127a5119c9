internal import III
internal import UV

/// What faults do to connections, and to messages that are sent.
extension Peers {
  // MARK: Messages

  /// Sends a message while faults are set, or messages are held; returns its length.
  @inline(never) func sendThroughFaults(_ text: some OutgoingText, to peer: Peer, of engine: Engine) -> Int {
    let bytes = text.bytes
    let place = FaultTable.Held.Place(connection: peer.number, direction: .sent)
    let held = engine.faults.held.removeValue(forKey: place) ?? []
    let met = engine.faults.fault(
      for: bytes.withView { FaultFrame($0, .sent) }, ofWorker: { peer.workerName })
    if let met {
      send(bytes, met, to: peer, of: engine)
    } else {
      text.record(peer.send(text), to: peer.number, in: engine.journal)
    }
    for one in held { send(one.bytes, to: peer, of: engine) }
    return bytes.count
  }

  private func send(_ bytes: [UInt8], to peer: Peer, of engine: Engine) {
    if case .ended = peer.phase { return }
    let message = OutgoingBytes(bytes: bytes)
    engine.journal.sent(message, size: peer.send(message), to: peer.number)
  }

  private func send(_ bytes: [UInt8], _ met: FaultTable.Met, to peer: Peer, of engine: Engine) {
    func note(_ effect: String) { engine.faults.note(met.fault, effect, connection: peer.number, at: engine.now) }
    if met.fault.fault.kind.withholds, let invocation = met.frame.invocationID { engine.holds.hold(invocation) }
    switch met.fault.fault.kind {
    case .drop: note("\(met.frame) was lost")
    case .duplicate:
      note("\(met.frame) is sent twice")
      send(bytes, to: peer, of: engine)
      send(bytes, to: peer, of: engine)
    case .delay(let span):
      note("\(met.frame) is sent \(span) later")
      _ = engine.timers.schedule(after: span) { [weak self, weak peer, weak engine] in
        if let self, let peer, let engine { send(bytes, to: peer, of: engine) }
      }
    case .reorder:
      note("\(met.frame) is sent after the next one")
      let place = FaultTable.Held.Place(connection: peer.number, direction: .sent)
      engine.faults.held[place, default: []].append(.init(bytes: bytes, isText: true))
      _ = engine.timers.schedule(after: FaultTable.patience) { [weak self, weak peer, weak engine] in
        guard let self, let peer, let engine else { return }
        for one in engine.faults.held.removeValue(forKey: place) ?? [] { send(one.bytes, to: peer, of: engine) }
      }
    case .corrupt(let corruption):
      note("\(met.frame) is sent broken: \(corruption.rawValue)")
      send(broken: bytes, corruption, to: peer, of: engine)
    case .close, .reset, .kill:
      note(met.fault.fault.kind.effect(on: met.frame))
      send(bytes, to: peer, of: engine)
      engine.inflict(met.fault, on: peer.number)
    case .deny, .rejectRegistration, .refuseConnections, .stallUpgrade, .rejectUpgrade, .halfOpen, .blackhole, .slice,
      .limitBandwidth:
      send(bytes, to: peer, of: engine)
    }
  }

  private func send(broken bytes: [UInt8], _ corruption: Fault.Corruption, to peer: Peer, of engine: Engine) {
    switch corruption {
    case .oversize:
      let padding = [UInt8](repeating: UInt8(ascii: "x"), count: Fault.Corruption.oversizeBytes)
      send(Array(#"{"type":"unknown_by_fault","padding":""#.utf8) + padding + Array("\"}".utf8), to: peer, of: engine)
    case .badUTF8: send(bytes + [0xFF], to: peer, of: engine)
    case .truncated, .notJSON, .unknownType:
      if case .success(let text) = bytes.withView({ corruption.text(of: $0) }) { send(text, to: peer, of: engine) }
    }
  }

  // MARK: Connections that begin

  /// Whether a fault refuses a connection that was accepted.
  func refuses(_ stream: TCPStream, number: UInt32) -> Bool {
    guard let engine,
      let fault = engine.faults.first(forBeginning: { if case .refuseConnections = $0 { true } else { false } })
    else { return false }
    engine.faults.note(fault, "a connection was refused", connection: number, at: engine.now)
    engine.journal.note(.refused(reason: "by fault \(fault.id)"), connection: number, at: engine.now)
    stream.reset()
    return true
  }

  /// What a fault does with a request for an upgrade: `true` if it is not answered now, or refused.
  ///
  /// - Parameter answer: Answers the request as usual.
  func stalls(_ request: HTTPRequestHead, of peer: Peer, then answer: @escaping () -> Void) -> Bool {
    guard let engine, engine.faults.concernsConnections else { return false }
    let isChannel = request.path.utf8.starts(with: "/ws/".utf8)
    guard isChannel || request.path == "/",
      let fault = engine.faults.all.first(where: {
        guard !$0.isSpent, $0.fault.frames.isOfChannels == isChannel else { return false }
        return switch $0.fault.kind {
        case .stallUpgrade, .rejectUpgrade: true
        default: false
        }
      })
    else { return false }
    switch fault.fault.kind {
    case .rejectUpgrade(let status):
      engine.faults.note(fault, "the upgrade was refused with \(status)", connection: peer.number, at: engine.now)
      peer.send(Upgrade.refusal(status, "refused by a fault"))
    case .stallUpgrade(let span):
      engine.faults.note(fault, "the upgrade is not answered", connection: peer.number, at: engine.now)
      let stalled = StalledUpgrade(peer, then: answer)
      peer.become(stalled)
      heal(fault, on: peer, after: span) { stalled.resume() }
    default: return false
    }
    return true
  }

  // MARK: Connections

  /// Has a fault's effect on a whole connection.
  func inflict(_ fault: ActiveFault, on peer: Peer, of engine: Engine) {
    if case .ended = peer.phase { return }
    let direction = fault.fault.frames.direction
    func note(_ effect: String) {
      // Faults on frames have been noted with the frame.
      if fault.fault.place == .connection {
        engine.faults.note(fault, effect, connection: peer.number, at: engine.now)
      }
    }
    switch fault.fault.kind {
    case .close(let code, let reason):
      note("the connection is closed")
      peer.send(FrameEncoder.close(code, reason: reason, maskKey: nil))
      close(peer, because: "closed by fault \(fault.id)")
    case .kill:
      note("the connection is dropped")
      peer.stream.flush()
      finish(peer, because: "dropped by fault \(fault.id)")
    case .reset:
      note("the connection is reset")
      peer.stream.flush()
      leave(peer, because: "reset by fault \(fault.id)")
      peer.stream.reset()
    case .halfOpen(.engine, let span):
      note("the engine takes the connection for lost, the worker does not")
      abandon(peer, because: "half-open by fault \(fault.id): the worker does not know")
      let stream = peer.stream
      heal(fault, on: peer, after: span) { [weak self] in self?.resetAbandoned(stream) }
    case .halfOpen(.worker, let span):
      note("the worker's connection is reset, the engine does not know")
      peer.stream.reset()
      heal(fault, on: peer, after: span) { [weak self, weak peer, id = fault.id] in
        if let self, let peer { finish(peer, because: "the connection was lost (half-open by fault \(id))") }
      }
    case .blackhole(let span):
      note("nothing gets through" + Self.text(direction))
      shape(peer, .blackhole, direction, fault, after: span)
    case .slice(let bytes):
      note("bytes pass in segments of \(bytes)" + Self.text(direction))
      shape(peer, .slice(bytes), direction, fault, after: nil)
    case .limitBandwidth(let rate):
      note("\(rate) bytes pass in a second" + Self.text(direction))
      shape(peer, .limit(rate), direction, fault, after: nil)
    case .corrupt(let corruption):
      // Of a channel's message; those of workers end their connections where they are read.
      if case .failure(let violation) = corruption.text(of: .empty) { peer.refuse(violation) }
    case .refuseConnections, .stallUpgrade, .rejectUpgrade, .delay, .drop, .duplicate, .reorder, .deny,
      .rejectRegistration:
      break
    }
  }

  private static func text(_ direction: JournalFrame.Direction?) -> String {
    switch direction {
    case .received: ", from the worker to the engine"
    case .sent: ", from the engine to the worker"
    case nil: ""
    }
  }

  private func shape(
    _ peer: Peer, _ effect: Shaper.Effect, _ direction: JournalFrame.Direction?, _ fault: ActiveFault,
    after span: Duration?
  ) {
    let shaper = peer.shaper ?? Shaper(peer, timers)
    peer.shaper = shaper
    let id = fault.id
    // What it owes is not under way as long as nothing, or little, passes.
    engine?.holds.hold(peer)
    shaper.add(effect, direction, of: id)
    heal(fault, on: peer, after: span) { [weak self, weak shaper, weak peer] in
      if let peer { self?.engine?.holds.release(peer) }
      shaper?.remove(id)
    }
  }

  /// Ends an effect after a span of the engine's time, or when its fault is removed.
  private func heal(_ fault: ActiveFault, on peer: Peer, after span: Duration?, _ end: @escaping () -> Void) {
    let number = peer.number
    // The fault keeps the closure, which must not keep the fault.
    let ended: () -> Void = { [weak engine, weak fault] in
      end()
      guard let fault else { return }
      engine?.faults.note(end: "the effect has ended", of: fault, connection: number, at: engine?.now ?? 0)
    }
    fault.heal[number] = ended
    guard let span else { return }
    _ = timers.schedule(after: span) { [weak fault] in fault?.heal.removeValue(forKey: number)?() }
  }
}

/// A connection whose request is not answered, by a fault.
final class StalledUpgrade: ConnectionRole {
  let name = "a connection whose upgrade is stalled by a fault"
  private weak var connection: Peer?
  private let answer: () -> Void
  private var kept: [UInt8] = []
  private var isOver = false

  init(_ connection: Peer, then answer: @escaping () -> Void) {
    self.connection = connection
    self.answer = answer
  }

  func received(_ bytes: UnsafeMutableRawBufferPointer, on connection: Peer) {
    kept.append(contentsOf: bytes)
    connection.pause(.role)
  }

  func ended(_ connection: Peer) { isOver = true }

  /// The request is answered now.
  func resume() {
    guard !isOver, let connection else { return }
    isOver = true
    connection.phase = .opening
    answer()
    connection.resume(.role)
    connection.handle(kept)
  }
}

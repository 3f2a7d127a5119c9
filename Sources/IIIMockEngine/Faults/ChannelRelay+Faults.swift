internal import III
internal import UV

/// What faults do to the messages of a channel.
extension ChannelRelay {
  /// What is handled in place of a message; `nil` for the message itself.
  @inline(__always) func throughFaults(_ bytes: ByteView, isText: Bool) -> [FaultTable.Held]? {
    guard let writer, writer.peers.faultsConcernFrames, let engine = writer.peers.engine else { return nil }
    return meet(bytes, isText: isText, writer, engine)
  }

  @inline(never) private func meet(
    _ bytes: ByteView, isText: Bool, _ writer: Peer, _ engine: Engine
  ) -> [FaultTable.Held]? {
    let message = FaultTable.Held(bytes: bytes.array, isText: isText)
    let place = FaultTable.Held.Place(connection: writer.number, direction: .received)
    let held = engine.faults.held.removeValue(forKey: place) ?? []
    let met = engine.faults.fault(for: FaultFrame(ofChannel: .received), ofWorker: { nil })
    guard let met else { return held.isEmpty ? nil : [message] + held }
    func note(_ effect: String) { engine.faults.note(met.fault, effect, connection: writer.number, at: engine.now) }
    switch met.fault.fault.kind {
    case .drop:
      note("\(met.frame) was lost")
      return held
    case .duplicate:
      note("\(met.frame) came twice")
      return [message, message] + held
    case .delay(let span):
      note("\(met.frame) comes \(span) later")
      _ = engine.timers.schedule(after: span) { [weak self] in self?.receive([message]) }
      return held
    case .reorder:
      note("\(met.frame) comes after the next one")
      engine.faults.held[place, default: []].append(message)
      _ = engine.timers.schedule(after: FaultTable.patience) { [weak self, weak engine] in
        self?.receive(engine?.faults.held.removeValue(forKey: place) ?? [])
      }
      return held
    case .corrupt(let corruption):
      note("\(met.frame) was broken: \(corruption.rawValue)")
      guard case .success(let text) = corruption.text(of: bytes) else {
        engine.inflict(met.fault, on: writer.number)
        return held
      }
      return [.init(bytes: text, isText: isText)] + held
    case .close, .reset, .kill:
      note(met.fault.fault.kind.effect(on: met.frame))
      engine.inflict(met.fault, on: writer.number)
      return [message] + held
    case .deny, .rejectRegistration, .refuseConnections, .stallUpgrade, .rejectUpgrade, .halfOpen, .blackhole, .slice,
      .limitBandwidth:
      return [message] + held
    }
  }
}

internal import III
internal import UV

/// What faults ask of the engine.
extension Engine {
  /// Faults on whole connections have their effect on those that are there; later, because the router may be at work.
  func meetConnectionsSoon() {
    guard !willMeetConnections else { return }
    willMeetConnections = true
    let me = LoopBound(self, on: loop)
    loop.post { me.value.meetConnections() }
  }

  /// Ends what a fault does to connections; later, because the router may be at work.
  func healSoon(_ fault: ActiveFault) {
    let me = LoopBound(fault, on: loop)
    loop.post { me.value.healAll() }
  }

  private func meetConnections() {
    willMeetConnections = false
    for fault in faults.all where fault.fault.place == .connection {
      for peer in peers.all.values.sorted(by: { $0.number < $1.number }) where concerns(fault, peer) {
        fault.connections.insert(peer.number)
        peers.inflict(fault, on: peer, of: self)
      }
    }
  }

  private func concerns(_ fault: ActiveFault, _ peer: Peer) -> Bool {
    guard !fault.isSpent, !fault.connections.contains(peer.number) else { return false }
    switch peer.phase {
    case .worker:
      return !fault.fault.frames.isOfChannels && fault.matches(worker: { peer.workerName })
    case .role(let role): return fault.fault.frames.isOfChannels && role is ChannelEnd
    case .opening, .ended: return false
    }
  }

  // MARK: What the router asks for

  func named(_ peer: PeerID, _ name: String?) {
    peers.connection(of: peer)?.workerName = name
    guard faults.concernsConnections else { return }
    meetConnectionsSoon()
    // Before its next message, however the system has cut what it sent into reads.
    peers.budget.stop()
  }

  func inflict(_ fault: ActiveFault, on connection: UInt32) {
    let me = LoopBound((engine: self, fault: fault), on: loop)
    loop.post {
      let (engine, fault) = me.value
      guard let peer = engine.peers.all.values.first(where: { $0.number == connection }) else { return }
      engine.peers.inflict(fault, on: peer, of: engine)
    }
  }

  func deliver(_ message: [UInt8], isText: Bool, from peer: PeerID, connection: UInt32, after span: Duration) {
    _ = timers.schedule(after: span) { [weak self] in
      self?.deliver([.init(bytes: message, isText: isText)], from: peer, connection)
    }
  }

  func hold(_ invocation: UUID128) { holds.hold(invocation) }

  func releaseHeld(_ place: FaultTable.Held.Place, of peer: PeerID) {
    _ = timers.schedule(after: FaultTable.patience) { [weak self] in
      guard let self, let held = faults.held.removeValue(forKey: place) else { return }
      deliver(held, from: peer, place.connection)
    }
  }

  private func deliver(_ messages: [FaultTable.Held], from peer: PeerID, _ connection: UInt32) {
    journal.connection = connection
    route { router, output in
      guard router.workers.contains(peer) else { return }
      router.beginTurn(output)
      for one in messages {
        one.bytes.withView { router.deliver($0, isText: one.isText, from: peer, output) }
        router.emptyOutbox(output)
      }
    }
    journal.connection = 0
  }
}

internal import III
internal import UV

/// What the engine tells its journal.
extension Engine {
  func noteOpened(_ peer: Peer) {
    let address = peer.stream.peerAddress.map { "\($0.urlHost):\($0.port)" } ?? "an unknown address"
    journal.note(.opened(address: address, listener: peer.listener), connection: peer.number, at: now)
  }

  func noteClosed(_ peer: Peer, because reason: String) {
    var connection = connection(of: peer)
    if peer.roleName == nil, case .ended = peer.phase, let leaving = journal.leaving {
      connection = JournalConnection(number: connection.number, worker: leaving, role: "worker")
    }
    // Messages of channels and telemetry are not recorded one by one.
    let traffic =
      peer.roleName == nil
      ? "" : "; \(peer.stream.bytesReceived) bytes were received, \(peer.stream.bytesQueued) sent"
    journal.note(.closed(reason: reason + traffic, connection), connection: peer.number, at: now)
    journal.leaving = nil
  }

  /// Wakes those who wait for entries of the journal; later, because the router may be at work.
  func wakeWatchersSoon() {
    guard !willWakeWatchers else { return }
    willWakeWatchers = true
    let me = LoopBound(self, on: loop)
    loop.post {
      me.value.willWakeWatchers = false
      me.value.journal.changed()
    }
  }

  /// A connection as the journal names it.
  func connection(of peer: Peer) -> JournalConnection {
    let role =
      switch peer.phase {
      case .opening: "a connection that has sent no request"
      case .worker: "worker"
      case .role(let role): role.name
      case .ended: peer.roleName ?? "a connection that is ending"
      }
    var worker: WorkerLabel?
    if case .worker(let id) = peer.phase { worker = label(of: id) }
    return JournalConnection(number: Int(peer.number), worker: worker, role: role)
  }
}

extension Peers {
  /// The open connections, as the journal names them.
  var journalConnections: [UInt32: JournalConnection] {
    guard let engine else { return [:] }
    return Dictionary(uniqueKeysWithValues: all.values.map { ($0.number, engine.connection(of: $0)) })
  }
}

extension EngineEvent {
  /// The event as an entry of the journal; `nil` if the journal has it as frames, or as a connection.
  var journalEvent: JournalEntry.Event? {
    switch self {
    case .accessDenied(let denial): .denied(denial)
    case .frameIgnored(let diagnostic): .ignored(diagnostic)
    case .triggerRejected, .triggerParked, .largeMessage, .slowWorker, .warning: .noted(self)
    default: nil
    }
  }
}

/// How messages enter the journal: those between workers, nearly all of the traffic, as parts of the frames that brought them.
extension OutgoingText {
  func record(_ size: Int, to connection: UInt32, in journal: JournalRecorder) {
    journal.sent(self, size: size, to: connection)
  }
}

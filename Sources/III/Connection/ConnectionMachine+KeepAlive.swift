/// Detects a dead connection: nothing arrives, or the socket accepts none of the bytes that wait for it.
extension ConnectionMachine {
  /// Notes that bytes have arrived, of any kind.
  mutating func noteInbound(now: UInt64) { session?.lastInbound = now }

  mutating func received(ping payload: ByteView, now: UInt64) {
    if isConnected { outbox.append(.pong, ClientFrame.pong(payload)) }
  }

  mutating func pingIsDue(_ now: UInt64) {
    guard isConnected else { return }
    let timer = timers.insert(at: now.advanced(by: configuration.keepAlive.pingInterval), .ping)
    session?.pingTimer = timer
    outbox.append(.ping, ClientFrame.ping())
  }

  mutating func idleIsDue(_ now: UInt64) {
    guard let session else { return }
    let limit = configuration.keepAlive.idleTimeout
    // If the socket accepts bytes after it has refused some, the peer has acknowledged earlier ones and is alive.
    let silentUntil = max(session.lastInbound, session.lastProgress).advanced(by: limit)
    guard silentUntil > now else {
      drop("nothing came from the engine for \(limit)", now: now)
      return
    }
    guard outbox.isRefused else {
      setIdleTimer(at: silentUntil)
      return
    }
    let stalledUntil = max(session.refusedAt, session.lastProgress).advanced(by: limit)
    guard stalledUntil > now else {
      drop("the engine accepted none of the \(outbox.backlog) bytes that wait for it for \(limit)", now: now)
      return
    }
    // Progress is noticed only when it is checked.
    let soon = now.advanced(by: .nanoseconds(limit.nanoseconds / 4))
    setIdleTimer(at: min(silentUntil, stalledUntil, soon))
  }

  private mutating func setIdleTimer(at deadline: UInt64) {
    let timer = timers.insert(at: deadline, .idle)
    session?.idleTimer = timer
  }
}

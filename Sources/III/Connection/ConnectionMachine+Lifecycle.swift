extension ConnectionMachine {
  // MARK: Dialling

  mutating func start(now: UInt64) {
    guard phase == .disconnected else { return }
    dial(now)
  }

  mutating func dial(_ now: UInt64) {
    phaseTimer = nil
    phase = .connecting
    let limit = configuration.keepAlive.handshakeTimeout
    if limit > .zero { setPhaseTimer(.handshake, at: now.advanced(by: limit)) }
    actions.append(.dial)
    report(hasTried ? .reconnecting : .connecting)
    hasTried = true
  }

  /// TCP stands, or TLS on top of it, and the next step was asked for.
  mutating func dialled(awaiting step: String = "answer to the WebSocket handshake") {
    guard phase == .connecting || phase == .handshaking else { return }
    phase = .handshaking
    awaited = step
  }

  mutating func dialFailed(_ reason: String, now: UInt64) {
    guard phase == .connecting || phase == .handshaking else { return }
    retry(reason, now: now)
  }

  mutating func handshakeTimedOut(_ now: UInt64) {
    phaseTimer = nil
    guard phase == .connecting || phase == .handshaking else { return }
    let limit = configuration.keepAlive.handshakeTimeout
    let step = phase == .connecting ? "connect" : awaited
    actions.append(.drop)
    retry("no \(step) within \(limit)", now: now)
  }

  // MARK: The connection

  /// The WebSocket is open.
  mutating func opened(now: UInt64) {
    guard phase == .connecting || phase == .handshaking else { return }
    cancelPhaseTimer()
    phase = .connected
    connection += 1
    retries = 0
    position = 0
    sent = 0
    lastInbound = now
    ignoredMessages = 0
    hasWarnedOfOverflow = false
    let keepAlive = configuration.keepAlive
    if keepAlive.pingInterval > .zero {
      pingTimer = timers.insert(at: now.advanced(by: keepAlive.pingInterval), .ping)
    }
    if keepAlive.idleTimeout > .zero {
      idleTimer = timers.insert(at: now.advanced(by: keepAlive.idleTimeout), .idle)
    }
    replay()
    report(.connected)
  }

  /// Tells the new connection who this is and what it has; then what has waited for it.
  private mutating func replay() {
    if let workerID, let reattachToken {
      write(ReattachMessage(workerID: workerID, token: reattachToken).frame())
    }
    write(configuration.introduction.frame())
    for message in registrations.replay { write(message.frame()) }
    beginTriggerReplay()
    while let entry = queue.popFirst() {
      if let call = entry.call { calls[call]?.isQueued = false }
      transmit(entry)
    }
  }

  mutating func pingIsDue(_ now: UInt64) {
    pingTimer = nil
    guard phase == .connected else { return }
    pingTimer = timers.insert(at: now.advanced(by: configuration.keepAlive.pingInterval), .ping)
    write(ClientFrame.ping())
  }

  mutating func idleIsDue(_ now: UInt64) {
    idleTimer = nil
    guard phase == .connected else { return }
    let limit = configuration.keepAlive.idleTimeout
    let deadline = lastInbound.advanced(by: limit)
    if deadline > now {
      idleTimer = timers.insert(at: deadline, .idle)
    } else {
      drop("nothing came from the engine for \(limit)", now: now)
    }
  }

  // MARK: Its end

  /// The socket has ended by itself.
  mutating func ended(_ reason: String, now: UInt64) {
    switch phase {
    case .connecting, .handshaking: retry(reason, now: now)
    case .connected: lost(reason, now: now)
    case .closing: finishShutdown()
    case .disconnected, .reconnecting, .failed, .shutDown: break
    }
  }

  /// The engine has sent a Close.
  mutating func received(close: CloseReason, now: UInt64) {
    switch phase {
    case .connected:
      let text = close.reason.isEmpty ? "" : " (\(close.reason.prefix(123)))"
      part("the engine closed it with \(close.code.map { "code \($0)" } ?? "no code")\(text)", close.code, now)
    case .closing:
      actions.append(.drop)
      finishShutdown()
    default: break
    }
  }

  /// The engine has broken the protocol of WebSocket.
  mutating func received(violation: FrameViolation, now: UInt64) {
    switch phase {
    case .connected: part("the engine broke the WebSocket protocol: \(violation.text)", violation.closeCode, now)
    case .closing:
      actions.append(.drop)
      finishShutdown()
    default: break
    }
  }

  /// Leaves the connection with a Close. Where calls are still unsent they are kept for the next connection, and must not
  /// leave by this one too: then it is dropped at once.
  private mutating func part(_ reason: String, _ code: UInt16?, _ now: UInt64) {
    guard unsent.isEmpty else {
      drop(reason, now: now)
      return
    }
    write(ClientFrame.close(code))
    actions.append(.dropAfterFlush)
    lost(reason, now: now)
  }

  mutating func drop(_ reason: String, now: UInt64) {
    actions.append(.drop)
    lost(reason, now: now)
  }

  private mutating func lost(_ reason: String, now: UInt64) {
    endConnection()
    var unsentCalls = Set<UUID128>()
    let kept = unsent.removeAll().map(\.entry).filter { entry in
      guard let call = entry.call else { return true }
      guard calls[call] != nil else { return false }
      unsentCalls.insert(call)
      return true
    }
    let lost = calls.keys.filter { !unsentCalls.contains($0) }.compactMap { remove($0) }
    for entry in kept { enqueue(entry) }
    // The state first: a caller that learns of the loss shall find the worker in it.
    retry(reason, now: now)
    let message = "the connection to \(configuration.address) was lost before the result came: \(reason)"
    for call in lost { actions.append(.complete(call, .failure(call.error("CONNECTION_LOST", message)))) }
  }

  /// Stops what runs only while connected.
  private mutating func endConnection() {
    if let pingTimer { timers.cancel(pingTimer) }
    if let idleTimer { timers.cancel(idleTimer) }
    pingTimer = nil
    idleTimer = nil
  }

  /// Waits for the next attempt, if there is to be one.
  private mutating func retry(_ reason: String, now: UInt64) {
    cancelPhaseTimer()
    lastReason = reason
    if let limit = configuration.reconnection.maxRetries, retries >= limit {
      log(.error, "Max reconnection retries (\(limit)) reached, giving up: \(reason)")
      let message = "the connection to \(configuration.address) failed after max retries: \(reason)"
      fail(IIIConnectionError(address: configuration.address, reason: reason)) {
        $0.error("CONNECTION_FAILED", message)
      }
      return
    }
    let delay = configuration.reconnection.delay(attempt: retries, random: configuration.random())
    retries += 1
    phase = .reconnecting
    setPhaseTimer(.redial, at: now.advanced(by: delay))
    log(
      retries == 1 ? .warn : .debug,
      "no connection to \(configuration.address): \(reason); trying again in \(delay.milliseconds) ms")
    report(.reconnecting)
  }

  /// Gives up for good.
  private mutating func fail(_ error: any Error, calls callError: (PendingCall) -> any Error) {
    cancelPhaseTimer()
    endConnection()
    phase = .failed
    failure = error
    report(.failed)
    for (id, call) in calls { finish(id, .failure(callError(call.pending))) }
    queue.removeAll()
    _ = unsent.removeAll()
  }

  // MARK: Refusal

  /// The engine does not want this worker, or one of its functions.
  mutating func refused(_ rejection: RegistrationRejectedError, now: UInt64) {
    actions.append(.rejected(rejection))
    guard rejection.code != "FUNCTION_NAMESPACE_CONFLICT" else {
      log(.warn, "the engine refused a registration: \(rejection)")
      return
    }
    log(.error, "the engine refused this worker: \(rejection)")
    write(ClientFrame.close(1000))
    actions.append(.dropAfterFlush)
    fail(rejection) { _ in rejection }
  }

  // MARK: Shutting down

  mutating func shutDown(now: UInt64) {
    switch phase {
    case .closing, .shutDown: return
    case .connected:
      failAllForShutdown()
      endConnection()
      write(ClientFrame.close(1000))
      phase = .closing
      setPhaseTimer(.close, at: now.advanced(by: configuration.closeTimeout))
    case .connecting, .handshaking:
      failAllForShutdown()
      actions.append(.drop)
      finishShutdown()
    case .disconnected, .reconnecting, .failed:
      failAllForShutdown()
      finishShutdown()
    }
  }

  /// The loop ends: nothing can be waited for.
  mutating func abandon() {
    guard phase != .shutDown else { return }
    failAllForShutdown()
    endConnection()
    actions.append(.drop)
    finishShutdown()
  }

  private mutating func failAllForShutdown() {
    for (id, call) in calls { finish(id, .failure(Self.shutDownError(call.pending))) }
    queue.removeAll()
    _ = unsent.removeAll()
  }

  static func shutDownError(_ call: PendingCall) -> IIIInvocationError { call.error("SHUTDOWN", shutDownMessage) }

  static let shutDownMessage = "iii is shutting down"

  mutating func closeTimedOut() {
    phaseTimer = nil
    guard phase == .closing else { return }
    actions.append(.drop)
    finishShutdown()
  }

  private mutating func finishShutdown() {
    cancelPhaseTimer()
    phase = .shutDown
    timers.removeAll()
    // Triggers and handlers hold the worker, which holds this: an end must not wait for the other.
    functions = [:]
    triggers = [:]
    triggerTypes = [:]
    inboundTriggers = [:]
    unconfirmedTriggers = []
    registrations = Registrations()
    report(.disconnected)
    actions.append(.didShutDown)
  }
}

extension ConnectionMachine {
  // MARK: Connecting

  mutating func start(now: UInt64) {
    if case .disconnected = state { dial(now) }
  }

  mutating func dial(_ now: UInt64) {
    let limit = configuration.keepAlive.handshakeTimeout
    state = .connecting(timeout: limit > .zero ? timers.insert(at: now.advanced(by: limit), .handshake) : nil)
    actions.append(.dial)
    report(hasTried ? .reconnecting : .connecting)
    hasTried = true
  }

  /// A TCP connection is open, or TLS on top of it, and the next step of the handshake has begun.
  mutating func dialled(awaiting step: String = "answer to the WebSocket handshake") {
    switch state {
    case .connecting(let timeout), .handshaking(let timeout, _): state = .handshaking(timeout: timeout, awaited: step)
    default: break
    }
  }

  mutating func dialFailed(_ reason: String, now: UInt64) {
    if isDialling { retry(reason, now: now) }
  }

  mutating func handshakeTimedOut(_ now: UInt64) {
    let step: String
    switch state {
    case .connecting: step = "connection"
    case .handshaking(_, let awaited): step = awaited
    default: return
    }
    actions.append(.drop)
    retry("no \(step) within \(configuration.keepAlive.handshakeTimeout)", now: now)
  }

  private var isDialling: Bool {
    switch state {
    case .connecting, .handshaking: true
    default: false
    }
  }

  // MARK: The connection

  /// The WebSocket is open.
  mutating func opened(now: UInt64) {
    guard isDialling else { return }
    cancelStateTimer()
    connections += 1
    hasWarnedOfOverflow = false
    if connections > 1 { log(.info, "connected again to \(configuration.address)") }
    var session = Session(number: connections, lastInbound: now, refusedAt: now, lastProgress: now)
    session.retriesBefore = retries
    retries = 0
    let keepAlive = configuration.keepAlive
    if keepAlive.pingInterval > .zero {
      session.pingTimer = timers.insert(at: now.advanced(by: keepAlive.pingInterval), .ping)
    }
    if keepAlive.idleTimeout > .zero {
      session.idleTimer = timers.insert(at: now.advanced(by: keepAlive.idleTimeout), .idle)
    }
    state = .connected(session)
    introduce()
    report(.connected)
  }

  /// Sends the worker's metadata and registrations on the new connection, before everything that waited for a connection.
  private mutating func introduce() {
    if let workerID, let reattachToken {
      outbox.appendUrgent(Outbound(frame: ReattachMessage(workerID: workerID, token: reattachToken).frame()))
    }
    outbox.appendUrgent(Outbound(frame: configuration.introduction.frame()))
    for message in registrations.replay { outbox.appendUrgent(Outbound(frame: message.frame())) }
    beginTriggerReplay()
  }

  // MARK: The end of a connection

  /// The socket has ended.
  mutating func ended(_ reason: String, now: UInt64) {
    switch state {
    case .connecting, .handshaking: retry(reason, now: now)
    case .connected: lost(reason, now: now)
    case .closing: finishShutdown()
    case .disconnected, .reconnecting, .failed, .shutDown: break
    }
  }

  /// The engine has sent a Close frame.
  mutating func received(close: CloseReason, now: UInt64) {
    switch state {
    case .connected:
      let text = close.reason.isEmpty ? "" : " (\(close.reason.prefix(123)))"
      leave("the engine closed it with \(close.code.map { "code \($0)" } ?? "no code")\(text)", close.code, now)
    case .closing:
      actions.append(.drop)
      finishShutdown()
    default: break
    }
  }

  /// The engine has violated the WebSocket protocol.
  mutating func received(violation: FrameViolation, now: UInt64) {
    switch state {
    case .connected: leave("the engine violated the WebSocket protocol: \(violation.text)", violation.closeCode, now)
    case .closing:
      actions.append(.drop)
      finishShutdown()
    default: break
    }
  }

  /// Ends the connection with a Close frame.
  private mutating func leave(_ reason: String, _ code: UInt16?, _ now: UInt64) {
    actions.append(.close(ClientFrame.close(code)))
    lost(reason, now: now)
  }

  mutating func drop(_ reason: String, now: UInt64) {
    actions.append(.drop)
    lost(reason, now: now)
  }

  private mutating func lost(_ reason: String, now: UInt64) {
    let reason = session?.engineError.map { "\(reason), after it reported \($0)" } ?? reason
    cancelSessionTimers()
    // The next connection takes over a call without a result.
    for call in outbox.endConnection() { finish(call.id, .success([])) }
    let ended = callsInOrder.filter { $0.place != .waiting }
    for call in ended { _ = remove(call.id) }
    // The state changes first: a caller that is told of the loss then sees the new state.
    retry(reason, now: now)
    let message = "the connection to \(configuration.address) was lost before the result came: \(reason)"
    for call in ended { actions.append(.complete(call, .failure(call.error(IIIErrorCode.connectionLost, message)))) }
    dropOverflow()
  }

  /// Cancels the timers that run only while connected.
  private mutating func cancelSessionTimers() {
    for case let timer? in [session?.pingTimer, session?.idleTimer] { timers.cancel(timer) }
  }

  /// Schedules the next attempt, if there is one.
  private mutating func retry(_ reason: String, now: UInt64) {
    cancelStateTimer()
    lastReason = reason
    if let limit = configuration.reconnection.maxRetries, retries >= limit {
      log(.error, "Max reconnection retries (\(limit)) reached, giving up: \(reason)")
      fail(IIIConnectionError(address: configuration.address, reason: reason))
      return
    }
    let delay = configuration.reconnection.delay(attempt: retries, random: configuration.random())
    retries += 1
    state = .reconnecting(redial: timers.insert(at: now.advanced(by: delay), .redial))
    // One line when the connection is lost, and one a minute while it stays so.
    let isRepetition = retries > 1 && now &- lastRetryWarning < Self.retryWarningInterval
    if !isRepetition { lastRetryWarning = now }
    log(
      isRepetition ? .debug : .warn,
      "no connection to \(configuration.address): \(reason); trying again in \(delay.milliseconds) ms")
    report(.reconnecting)
  }

  /// Ends the worker with an error.
  private mutating func fail(_ error: any Error) {
    cancelStateTimer()
    cancelSessionTimers()
    state = .failed(error)
    actions.append(.giveUp(error))
    report(.failed)
    for call in callsInOrder { finish(call.id, .failure(call.failure(from: error))) }
    outbox = Outbox()
  }

  /// Cancels the timer of the current state, before the state changes.
  private mutating func cancelStateTimer() {
    switch state {
    case .connecting(let timeout?), .handshaking(let timeout?, _): timers.cancel(timeout)
    case .reconnecting(let timer), .closing(let timer): timers.cancel(timer)
    case .disconnected, .connecting, .handshaking, .connected, .failed, .shutDown: break
    }
  }

  // MARK: Refusal

  /// The engine refuses this worker or one of its functions.
  mutating func refused(_ rejection: RegistrationRejectedError, now: UInt64) {
    actions.append(.rejected(rejection))
    guard rejection.code != "FUNCTION_NAMESPACE_CONFLICT" else {
      log(.warn, "the engine refused a registration: \(rejection)")
      return
    }
    log(.error, "the engine refused this worker: \(rejection)")
    actions.append(.close(ClientFrame.close(1000)))
    fail(rejection)
  }

  /// The engine's auth function refuses this worker. It will do so again, unless something changes on its side.
  mutating func refusedAuthentication(_ reason: String) {
    guard let session else { return }
    guard !configuration.reconnection.retriesRefusedAuthentication else {
      retries = session.retriesBefore
      return
    }
    actions.append(.close(ClientFrame.close(1000)))
    fail(IIIConnectionError(address: configuration.address, refusal: reason))
  }

  // MARK: Shutting down

  mutating func shutDown(now: UInt64) {
    switch state {
    case .closing, .shutDown: return
    case .connected:
      failAllForShutdown()
      cancelSessionTimers()
      // The Close frame follows what was handed over before.
      outbox.append(.transient(Outbound(frame: ClientFrame.close(1000))))
      state = .closing(timeout: timers.insert(at: now.advanced(by: configuration.closeTimeout), .close))
    case .connecting, .handshaking:
      actions.append(.drop)
      finishShutdown()
    case .disconnected, .reconnecting, .failed: finishShutdown()
    }
  }

  /// Ends the worker at once, because the loop ends.
  mutating func abandon() {
    if case .shutDown = state { return }
    actions.append(.drop)
    finishShutdown()
  }

  private mutating func failAllForShutdown() {
    for call in callsInOrder { finish(call.id, .failure(Self.shutDownError(call))) }
  }

  static func shutDownError(_ call: PendingCall) -> IIIInvocationError {
    call.error(IIIErrorCode.shutdown, shutDownMessage)
  }

  /// How often a warning says that there is still no connection; nanoseconds.
  private static let retryWarningInterval: UInt64 = 60_000_000_000

  static let shutDownMessage = "iii is shutting down"

  mutating func closeTimedOut() {
    guard case .closing = state else { return }
    actions.append(.drop)
    finishShutdown()
  }

  private mutating func finishShutdown() {
    failAllForShutdown()
    state = .shutDown
    timers.removeAll()
    outbox = Outbox()
    // Triggers and handlers may hold the worker, which holds this machine: this breaks the cycle.
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

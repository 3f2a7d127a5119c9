internal import UV

/// Runs a connection's machine on a loop: it turns socket and timer events into the machine's events, and performs the machine's actions
/// (I/O, resumed callers, handlers). Confined to the loop; no user code runs on it.
final class Connection: HostMember {
  struct Configuration {
    var machine: ConnectionMachine.Configuration
    var url: WebSocketURL
    var headers: [(key: String, value: String)]
    var maxMessageBytes: Int
    /// For `wss://`.
    var tls: TLSSource?
    var log: @Sendable (LogLevel, String) -> Void = ClientLog.write
    /// Called when the worker has ended.
    var endLog: @Sendable () -> Void = {}
  }

  /// The outcome of the wait for the first connection.
  enum ConnectOutcome: Sendable {
    case connected, shutDown
    /// The reason of the last failed attempt.
    case timedOut(String?)
    case failed(any Error)
  }

  let host: LoopHost
  let configuration: Configuration
  let status: ConnectionStatus
  let gauge: SendGauge
  let answering: Answering
  private var machine: ConnectionMachine
  private var dialer: Dialer?
  private var tls: TLSSource?
  private var link: Link?

  /// The bytes in the gauge that wait for the socket, and those of messages that were taken over since this was counted.
  private var counted = (backlog: 0, taken: 0)

  private var batch: [ConnectionMachine.Action] = []
  private var isActing = false
  /// The loop's timer that wakes the machine, and its deadline.
  private var wake: TimerToken?
  private var wakeDeadline: UInt64 = .max

  private var shutdownWaiters: [@Sendable () -> Void] = []
  private let connectWaiters = Waiters<ConnectOutcome>()
  /// The running handlers.
  let handlers: RunningHandlers
  /// `nil` if the worker reports nothing.
  let telemetry: Telemetry?

  init(
    _ configuration: Configuration, on host: LoopHost, status: ConnectionStatus, gauge: SendGauge, telemetry: Telemetry?
  ) {
    self.host = host
    self.telemetry = telemetry
    self.configuration = configuration
    self.status = status
    tls = configuration.tls
    self.gauge = gauge
    answering = Answering(
      on: host.loop, limit: configuration.maxMessageBytes, gauge, configuration.log,
      ChannelAccess(configuration, on: host).decoding, telemetry)
    machine = ConnectionMachine(configuration.machine)
    handlers = RunningHandlers(on: host)
  }

  // MARK: Events of the worker

  func start() {
    guard case .disconnected = machine.state else { return }  // shut down before it began to connect
    host.add(self)
    telemetry?.start()
    handle { $0.start(now: $1) }
  }

  func call(_ call: PendingCall, posted bytes: Int) {
    call.activity?.beginWait()
    counted.taken += bytes
    handle { $0.call(call, now: $1) }
    if let callBegan = host.control?.callBegan { callBegan() }
  }

  /// The functions of calls that wait for an outcome.
  var waitingCalls: [String] { machine.callsInOrder.map(\.functionID) }

  /// Whether the engine is being looked up, or TCP to it opened. Later steps show as traffic.
  var isConnecting: Bool { if case .connecting = machine.state { true } else { false } }

  func callWithoutResult(_ message: Outbound) {
    counted.taken += message.count
    handle { machine, _ in machine.callWithoutResult(message) }
  }

  func cancel(_ id: UUID128) { handle { machine, _ in machine.cancel(id) } }

  func register(_ function: RegisteredFunction) { handle { machine, _ in machine.register(function) } }

  func unregister(_ id: String) { handle { machine, _ in machine.unregister(id) } }

  func register(_ trigger: Trigger) { handle { machine, _ in machine.register(trigger) } }

  func unregister(trigger id: String) { handle { machine, _ in machine.unregister(trigger: id) } }

  func register(_ type: RegisteredTriggerType) { handle { machine, _ in machine.register(type) } }

  func unregister(_ type: RegisteredTriggerType) { handle { machine, _ in machine.unregister(type) } }

  func unregister(triggerType id: String) { handle { machine, _ in machine.unregister(triggerType: id) } }

  /// Sends the answer of a handler, which has counted it.
  func reply(_ message: Outbound, to connection: Int) {
    counted.taken += message.count
    handle { machine, _ in machine.reply(message, to: connection) }
  }

  func abandon() { handle { machine, _ in machine.abandon() } }

  func retire() { handle { machine, _ in machine.retire() } }

  /// Calls `done` when the worker has ended and what it has collected of telemetry was sent.
  func shutDown(_ done: @escaping @Sendable () -> Void) {
    let me = LoopBound(self, on: host.loop)
    let parts = LoopBound(
      Countdown(from: 2) {
        me.value.endReports()
        done()
      }, on: host.loop)
    endConnection { parts.value.step() }
    if let telemetry { telemetry.finish { parts.value.step() } } else { parts.value.step() }
  }

  /// Releases the user's closures for records and spans.
  private func endReports() {
    configuration.endLog()
    telemetry?.releaseClosures()
  }

  private func endConnection(_ done: @escaping @Sendable () -> Void) {
    if case .shutDown = machine.state {
      done()
      return
    }
    shutdownWaiters.append(done)
    handlers.cancelTasks()
    handle { $0.shutDown(now: $1) }
  }

  /// Calls `done` when the worker is connected, when it can no longer be, or when `limit` has passed.
  func waitForConnection(_ limit: Duration, _ done: @escaping @Sendable (ConnectOutcome) -> Void) {
    if let outcome = connectOutcome {
      done(outcome)
    } else {
      connectWaiters.add(limit, host.timers, late: { [self] in .timedOut(machine.lastReason) }, done)
    }
  }

  private var connectOutcome: ConnectOutcome? {
    switch machine.state {
    case .connected: .connected
    case .failed(let error): .failed(error)
    case .closing, .shutDown: .shutDown
    case .disconnected, .connecting, .handshaking, .reconnecting: nil
    }
  }

  /// Calls `done` with the number of handlers that still run: with 0 as soon as none runs, otherwise when `limit` has passed or the worker
  /// has ended.
  func waitForHandlers(_ limit: Duration, _ done: @escaping @Sendable (Int) -> Void) {
    if case .shutDown = machine.state { done(handlers.count) } else { handlers.wait(limit, done) }
  }

  // MARK: Running the machine

  /// Passes an event to the machine and performs the resulting actions.
  private func handle(_ event: (inout ConnectionMachine, _ now: UInt64) -> Void) {
    let now = host.source.now
    if let link { machine.noteSent(link.bytesSent, now: now) }
    event(&machine, now)
    if machine.hasActions { act() }
    if let link, machine.hasOutput { link.transport.flushLater() }
    updateGauge()
    armWake()
  }

  /// The loop changes the gauge when the sum changes: a message that it takes over has been counted already.
  private func updateGauge() {
    let backlog = machine.outbox.backlog
    let change = backlog - counted.backlog - counted.taken
    counted = (backlog, 0)
    if change != 0 { gauge.add(change) }
  }

  private func act() {
    guard !isActing else { return }
    isActing = true
    defer { isActing = false }
    while machine.hasActions {
      machine.takeActions(into: &batch)
      for action in batch { perform(action) }
      batch.removeAll(keepingCapacity: true)
    }
  }

  private func armWake() {
    guard let next = machine.nextDeadline, next < wakeDeadline else { return }
    if let wake { host.timers.cancel(wake) }
    wakeDeadline = next
    wake = host.timers.schedule(at: next) { [self] in
      wake = nil
      wakeDeadline = .max
      handle { $0.timeReached($1) }
    }
  }

  private func perform(_ action: ConnectionMachine.Action) {
    switch action {
    case .complete(let call, let outcome):
      call.activity?.endWait()
      call.complete(outcome)
    case .run(let function, let invocation): run(function, invocation)
    case .registerTrigger(let type, let trigger, let connection): tell(type, of: trigger, connection)
    case .unregisterTrigger(let type, let trigger): tell(type, ofEndOf: trigger)
    case .dial: dial()
    case .drop: drop()
    case .close(let frame): drop(afterSending: frame)
    case .report(let state): report(state)
    case .giveUp(let error): status.set(failure: error)
    case .identified(let workerID):
      status.set(workerID: workerID)
      telemetry?.identified(workerID: workerID)
    case .rejected(let rejection): status.set(rejection: rejection)
    case .log(let level, let message): configuration.log(level, message)
    case .didShutDown: didShutDown()
    }
  }

  private func report(_ state: IIIConnectionState) {
    status.set(state: state)
    if let outcome = connectOutcome { connectWaiters.resume(host.timers, with: outcome) }
  }

  private func didShutDown() {
    if let wake { host.timers.cancel(wake) }
    wake = nil
    connectWaiters.resume(host.timers, with: .shutDown)
    status.finish()
    ActiveWorkers.remove(status)
    host.remove(self)
    handlers.close()
    let waiters = shutdownWaiters
    if waiters.isEmpty { endReports() }
    shutdownWaiters = []
    for done in waiters { done() }
  }

  // MARK: Sockets

  private func dial() {
    let key = Upgrade.newKey()
    let request: [UInt8]
    do throws(UpgradeFailure) {
      request = try Upgrade.request(configuration.url, headers: configuration.headers, key: key)
    } catch {
      handle { $0.dialFailed(error.text, now: $1) }
      return
    }
    let context = tls?.context { configuration.log(.warn, $0) }
    let dialer = Dialer(on: host.loop, configuration.url, tls: context, request: request, key: key) { [self] event in
      switch event {
      case .connected(let awaited): handle { machine, _ in machine.dialled(awaiting: awaited) }
      case .failed(let reason, _):
        self.dialer = nil
        handle { $0.dialFailed(reason, now: $1) }
      case .opened(let transport, let rest):
        self.dialer = nil
        open(transport, rest)
      }
    }
    self.dialer = dialer
    dialer.start()
  }

  private func open(_ transport: Transport, _ rest: UnsafeMutableRawBufferPointer) {
    let link = Link(transport, maxMessageBytes: configuration.maxMessageBytes)
    self.link = link
    transport.listen(
      onRead: { [self, unowned link] in read($0, link) },
      onEnd: { [self, unowned link] in ended($0, link) },
      output: Transport.Output(
        fill: { [self, unowned link] in fill(link) },
        refused: { [self, unowned link] in refused(after: $0, link) },
        drained: { [self, unowned link] in drained(link) }))
    handle { $0.opened(now: $1) }
    if !rest.isEmpty { read(rest, link) }
  }

  /// Gives the transport, which has room, the bytes that leave next.
  private func fill(_ link: Link) -> Bool {
    guard self.link === link else { return false }
    machine.noteSent(link.bytesSent, now: host.source.now)
    let hasWritten = machine.fill { link.write($0) }
    if machine.hasActions { act() }
    updateGauge()
    return hasWritten
  }

  private func refused(after bytes: UInt64, _ link: Link) -> Transport.Refusal {
    guard self.link === link else { return Transport.Refusal(keep: .max, probe: []) }
    let sent = bytes - min(link.handshakeBytes, bytes)
    let answer = machine.refused(after: sent, now: host.source.now)
    updateGauge()
    return Transport.Refusal(keep: answer.keep + link.handshakeBytes, probe: answer.probe)
  }

  private func drained(_ link: Link) {
    if self.link === link { handle { $0.drained(now: $1) } }
  }

  private func ended(_ end: TransportEnd, _ link: Link) {
    guard self.link === link else { return }
    let reason =
      switch end {
      case .eof: "the engine ended it"
      case .truncated: "it was cut off: TCP ended without the end of TLS"
      case .failed(let reason): reason
      }
    machine.noteSent(link.bytesSent, now: host.source.now)
    self.link = nil
    handle { $0.ended(reason, now: $1) }
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer, _ link: Link) {
    guard self.link === link else { return }
    handle { machine, now in
      machine.noteInbound(now: now)
      link.read(bytes) { event in
        switch event {
        case .frame(.text(let message)), .frame(.binary(let message)): machine.received(message: message, now: now)
        case .frame(.ping(let payload)): machine.received(ping: payload, now: now)
        case .frame(.pong), .frame(.skipped): break
        case .frame(.close(let reason)): machine.received(close: reason, now: now)
        case .frame(.violation(let violation)): machine.received(violation: violation, now: now)
        case .oversized(let message): machine.received(oversized: message)
        }
      }
    }
  }

  private func drop() {
    dialer?.cancel()
    dialer = nil
    link?.transport.close()
    link = nil
  }

  private func drop(afterSending frame: [UInt8]) {
    guard let link else { return }
    self.link = nil
    link.write(frame)
    link.transport.closeAfterFlush()
    let transport = link.transport
    host.timers.schedule(after: configuration.machine.closeTimeout) { transport.close() }
  }
}

/// Calls back when several things have ended. Confined to the loop.
private final class Countdown {
  private var left: Int
  private let done: @Sendable () -> Void

  init(from count: Int, _ done: @escaping @Sendable () -> Void) {
    left = count
    self.done = done
  }

  func step() {
    left -= 1
    if left == 0 { done() }
  }
}

internal import UV

/// Runs a connection's machine on a loop: sockets and time become its events, its actions become I/O, resumed callers and
/// handlers' tasks. Confined to the loop; nothing of the user's runs on it.
final class Connection {
  struct Configuration {
    var machine: ConnectionMachine.Configuration
    var url: WebSocketURL
    var headers: [(key: String, value: String)]
    var maxMessageBytes: Int
    /// Where TLS is wanted.
    var tls: TLSSource?
    var log: @Sendable (LogLevel, String) -> Void = ClientLog.write
  }

  /// How the wait for the first connection ends.
  enum ConnectOutcome: Sendable {
    case connected, shutDown
    /// With the reason of the last attempt that failed.
    case timedOut(String?)
    case failed(any Error)
  }

  private let host: LoopHost
  private let configuration: Configuration
  private let status: ConnectionStatus
  private let gauge: SendGauge
  private var machine: ConnectionMachine
  private var dialer: Dialer?
  private var tls: TLSSource?
  private var link: Link?

  private var batch: [ConnectionAction] = []
  private var isActing = false
  /// The timer of the loop that wakes the machine, and when.
  private var wake: TimerToken?
  private var wakeDeadline: UInt64 = .max

  private var roomWaiters: [@Sendable () -> Void] = []
  private var shutdownWaiters: [@Sendable () -> Void] = []
  private var connectWaiters: [Int: (done: @Sendable (ConnectOutcome) -> Void, timer: TimerToken)] = [:]
  private var connectWaited = 0

  /// Where blocking handlers run.
  private let pool = BlockingPool()
  /// Handlers that were begun and have not ended.
  private var running = 0
  private var handlerWaiters: [Int: (done: @Sendable (Int) -> Void, timer: TimerToken)] = [:]
  private var handlersWaited = 0

  init(_ configuration: Configuration, on host: LoopHost, status: ConnectionStatus, gauge: SendGauge) {
    self.host = host
    self.configuration = configuration
    self.status = status
    tls = configuration.tls
    self.gauge = gauge
    machine = ConnectionMachine(configuration.machine)
  }

  // MARK: Events of the worker

  func start() {
    guard machine.phase == .disconnected else { return }  // shut down before it has begun
    host.add(self)
    handle { $0.start(now: $1) }
  }

  func call(_ call: PendingCall, frame: [UInt8]) { handle { $0.call(call, frame: frame, now: $1) } }

  func callWithoutResult(frame: [UInt8]) {
    gauge.take(frame.count)
    handle { machine, _ in machine.callWithoutResult(frame: frame) }
  }

  /// Calls `done` when the engine has taken what it was sent before, or the connection has ended.
  func waitForRoom(_ done: @escaping @Sendable () -> Void) {
    // What was written in this turn has not been tried yet: only what was tried and left over is waited for.
    if gauge.hasUnsent { roomWaiters.append(done) } else { done() }
  }

  private func setUnsent(_ bytes: Int) {
    gauge.set(unsent: bytes)
    guard bytes == 0 else { return }
    let waiters = roomWaiters
    roomWaiters = []
    for done in waiters { done() }
  }

  func cancel(_ id: UUID128) { handle { machine, _ in machine.cancel(id) } }

  func register(_ function: RegisteredFunction) { handle { machine, _ in machine.register(function) } }

  func unregister(_ id: String) { handle { machine, _ in machine.unregister(id) } }

  func register(_ trigger: Trigger) { handle { machine, _ in machine.register(trigger) } }

  func unregister(trigger id: String) { handle { machine, _ in machine.unregister(trigger: id) } }

  func register(_ type: RegisteredTriggerType) { handle { machine, _ in machine.register(type) } }

  func unregister(_ type: RegisteredTriggerType) { handle { machine, _ in machine.unregister(type) } }

  func unregister(triggerType id: String) { handle { machine, _ in machine.unregister(triggerType: id) } }

  private func reply(_ frame: [UInt8], to connection: Int) { handle { $0.reply(frame, to: connection, now: $1) } }

  func abandon() { handle { machine, _ in machine.abandon() } }

  func retire() { handle { machine, _ in machine.retire() } }

  /// Calls `done` when the worker has ended.
  func shutDown(_ done: @escaping @Sendable () -> Void) {
    guard machine.phase != .shutDown else {
      done()
      return
    }
    shutdownWaiters.append(done)
    handle { $0.shutDown(now: $1) }
  }

  /// Calls `done` when the connection stands, or never will, or `limit` has passed.
  func waitForConnection(_ limit: Duration, _ done: @escaping @Sendable (ConnectOutcome) -> Void) {
    if let outcome = connectOutcome {
      done(outcome)
      return
    }
    connectWaited += 1
    let id = connectWaited
    let timer = host.timers.schedule(after: limit) { [self] in
      connectWaiters.removeValue(forKey: id)?.done(.timedOut(machine.lastReason))
    }
    connectWaiters[id] = (done, timer)
  }

  private var connectOutcome: ConnectOutcome? {
    switch machine.phase {
    case .connected: .connected
    case .failed: .failed(machine.failure ?? IIIConnectionError(address: configuration.machine.address))
    case .closing, .shutDown: .shutDown
    case .disconnected, .connecting, .handshaking, .reconnecting: nil
    }
  }

  // MARK: Running the machine

  /// Gives the machine an event and does what follows from it.
  private func handle(_ event: (inout ConnectionMachine, _ now: UInt64) -> Void) {
    noteSent()
    event(&machine, host.source.now)
    if machine.hasActions { act() }
    armWake()
  }

  private func noteSent() {
    if let link { machine.noteSent(link.bytesSent) }
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

  private func perform(_ action: ConnectionAction) {
    switch action {
    case .write(let frame): link?.write(frame)
    case .complete(let call, let outcome): call.complete(outcome)
    case .run(let function, let invocation): run(function, invocation)
    case .registerTrigger(let type, let trigger, let connection): tell(type, of: trigger, connection)
    case .unregisterTrigger(let type, let trigger): tell(type, ofEndOf: trigger)
    case .dial: dial()
    case .drop: drop(flushing: false)
    case .dropAfterFlush: drop(flushing: true)
    case .report(let state): report(state)
    case .identified(let workerID): status.set(workerID: workerID)
    case .rejected(let rejection): status.set(rejection: rejection)
    case .log(let level, let message): configuration.log(level, message)
    case .didShutDown: didShutDown()
    }
  }

  private func report(_ state: IIIConnectionState) {
    status.set(state: state)
    resumeConnectWaiters()
  }

  private func resumeConnectWaiters() {
    guard let outcome = connectOutcome else { return }
    let waiters = connectWaiters.values
    connectWaiters = [:]
    for waiter in waiters {
      host.timers.cancel(waiter.timer)
      waiter.done(outcome)
    }
  }

  private func didShutDown() {
    if let wake { host.timers.cancel(wake) }
    wake = nil
    resumeConnectWaiters()
    status.finish()
    host.remove(self)
    pool.close()
    resumeHandlerWaiters()
    let waiters = shutdownWaiters
    shutdownWaiters = []
    for done in waiters { done() }
  }

  // MARK: Handlers

  private func run(_ function: RegisteredFunction, _ invocation: InboundInvocation) {
    running += 1
    let me = LoopBound(self, on: host.loop)
    let loop = host.loop
    let limit = configuration.maxMessageBytes
    let log = configuration.log
    let limiter = function.limiter
    let finish: @Sendable (HandlerOutcome) -> Void = { outcome in
      limiter?.ended()
      let frame = Self.answer(outcome, of: function, to: invocation, limit: limit, log)
      loop.post { me.value.handlerEnded(frame, invocation.connection) }
    }
    guard let limiter else {
      Self.begin(function, invocation, on: pool, finish)
      return
    }
    let pool = pool
    let status = status
    limiter.begin {
      // Nothing that waited for its turn begins after a shutdown: its answer would be dropped.
      guard !status.isShutDown else { return finish(.null) }
      Self.begin(function, invocation, on: pool, finish)
    }
  }

  private static func begin(
    _ function: RegisteredFunction, _ invocation: InboundInvocation, on pool: BlockingPool,
    _ finish: @escaping @Sendable (HandlerOutcome) -> Void
  ) {
    switch function.body {
    case .task(let handler):
      Task {
        let (payload, context) = invocation.read(by: function.id)
        finish(await InvocationContext.$current.withValue(context) { await handler(payload) })
      }
    case .thread(let handler):
      let runs = pool.run {
        let (payload, context) = invocation.read(by: function.id)
        finish(InvocationContext.$current.withValue(context) { handler(payload) })
      }
      if !runs { finish(.invocationFailed("no thread could be started for the handler: the process has too many")) }
    }
  }

  /// The frame of a handler's answer; `nil` where nobody waits for one.
  private static func answer(
    _ outcome: HandlerOutcome, of function: RegisteredFunction, to invocation: InboundInvocation, limit: Int,
    _ log: (LogLevel, String) -> Void
  ) -> [UInt8]? {
    guard let id = invocation.invocationID else {
      if case .failure(_, let message, _) = outcome {
        log(.warn, "an invocation of '\(function.id)' that wants no answer failed: \(message)")
      }
      return nil
    }
    let answer = InvocationResultMessage(
      invocationID: id, functionID: function.id, outcome: outcome, traceparent: invocation.traceparent)
    return answer.frame(orErrorAbove: limit)
  }

  private func handlerEnded(_ answer: [UInt8]? = nil, _ connection: Int = 0) {
    running -= 1
    if let answer { reply(answer, to: connection) }
    if running == 0 { resumeHandlerWaiters() }
  }

  /// Calls `done` with the number of handlers that run still: 0 as soon as none does, else when `limit` has passed or the worker
  /// has ended.
  func waitForHandlers(_ limit: Duration, _ done: @escaping @Sendable (Int) -> Void) {
    guard running > 0, machine.phase != .shutDown else {
      done(running)
      return
    }
    handlersWaited += 1
    let id = handlersWaited
    let timer = host.timers.schedule(after: limit) { [self] in
      handlerWaiters.removeValue(forKey: id)?.done(running)
    }
    handlerWaiters[id] = (done, timer)
  }

  private func resumeHandlerWaiters() {
    let waiters = handlerWaiters.values
    handlerWaiters = [:]
    for waiter in waiters {
      host.timers.cancel(waiter.timer)
      waiter.done(running)
    }
  }

  private func tell(_ type: RegisteredTriggerType, of trigger: InboundTrigger, _ connection: Int) {
    running += 1
    let me = LoopBound(self, on: host.loop)
    let loop = host.loop
    type.register(trigger) { error in
      let answer = TriggerRegistrationResultMessage(
        id: trigger.id, type: trigger.type, functionID: trigger.functionID, error: error)
      let frame = answer.frame()
      loop.post { me.value.handlerEnded(frame, connection) }
    }
  }

  private func tell(_ type: RegisteredTriggerType, ofEndOf trigger: InboundTrigger) {
    running += 1
    let me = LoopBound(self, on: host.loop)
    let loop = host.loop
    type.unregister(trigger) { loop.post { me.value.handlerEnded() } }
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
      case .failed(let reason):
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
    let limits = FrameLimits(
      maxFrameBytes: configuration.maxMessageBytes, maxMessageBytes: configuration.maxMessageBytes)
    let link = Link(transport, limits: limits)
    self.link = link
    transport.listen(
      onRead: { [self, unowned link] in read($0, link) },
      onEnd: { [self, unowned link] in ended($0, link) },
      onBacklog: { [self, unowned link] bytes in
        if self.link === link { setUnsent(bytes) }
      },
      onDrain: { [self, unowned link] in
        if self.link === link { setUnsent(0) }
      })
    handle { $0.opened(now: $1) }
    if !rest.isEmpty { read(rest, link) }
  }

  private func ended(_ end: TransportEnd, _ link: Link) {
    guard self.link === link else { return }
    let reason =
      switch end {
      case .eof: "the engine ended it"
      case .truncated: "it was cut off: TCP ended, and TLS did not"
      case .failed(let reason): reason
      }
    machine.noteSent(link.bytesSent)
    self.link = nil
    setUnsent(0)
    handle { $0.ended(reason, now: $1) }
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer, _ link: Link) {
    guard self.link === link else { return }
    handle { machine, now in
      machine.noteInbound(now: now)
      link.read(bytes) { event in
        switch event {
        case .text(let message), .binary(let message): machine.received(message: message, now: now)
        case .ping(let payload): machine.received(ping: payload, now: now)
        case .pong: break
        case .close(let reason): machine.received(close: reason, now: now)
        case .violation(let violation): machine.received(violation: violation, now: now)
        }
      }
    }
  }

  private func drop(flushing: Bool) {
    dialer?.cancel()
    dialer = nil
    guard let link else { return }
    self.link = nil
    setUnsent(0)
    guard flushing else {
      link.transport.close()
      return
    }
    link.transport.closeAfterFlush()
    let transport = link.transport
    host.timers.schedule(after: configuration.machine.closeTimeout) { transport.close() }
  }
}

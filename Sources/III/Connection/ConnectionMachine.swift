/// The state machine of a worker's connection, a value: it takes events and times, and returns actions. It uses no socket, thread or clock.
///
/// Its owner calls one method for each event, performs what `takeActions` returns, and calls `timeReached` at `nextDeadline`. Before each
/// event the owner reports how much of the stream TCP or TLS has accepted (`noteSent`). Whenever the transport has room, `fill` writes the
/// next bytes to it; `refused` takes back what the transport refuses.
struct ConnectionMachine {
  struct Configuration {
    /// The address for log lines and errors: without credentials and query.
    var address: String
    var reconnection = ReconnectionConfig()
    var keepAlive = KeepAliveConfig()
    /// The most messages that wait without a connection; the next member limits their bytes.
    var maxQueuedMessages = 1000
    var maxQueuedBytes = 64 << 20
    /// The call of `engine::workers::register`, the first message of a connection.
    var introduction: any OutboundMessage
    /// The largest message that is accepted; for error texts.
    var maxMessageBytes = 64 << 20
    /// While more bytes than this wait to be sent, a call without a result waits before it returns.
    var maxUnsentBytes = 16 << 20
    /// How long the engine may take to answer a Close frame.
    var closeTimeout: Duration = .seconds(5)
    /// Returns a new random number from -1...1 at each call.
    var random: @Sendable () -> Double = { Double.random(in: -1...1) }
  }

  enum State {
    /// Not started.
    case disconnected
    /// The host is being looked up and connected to.
    case connecting(timeout: TimerToken?)
    /// A TCP connection is open; `awaited` is the server's next step, for the text of a time-out.
    case handshaking(timeout: TimerToken?, awaited: String)
    case connected(Session)
    /// Waits for the time of the next attempt.
    case reconnecting(redial: TimerToken)
    /// Failed; there are no more attempts.
    case failed(any Error)
    /// Shut down; waits for the engine's Close frame.
    case closing(timeout: TimerToken)
    case shutDown
  }

  /// The state of one connection, from its opening to its end.
  struct Session {
    /// The number of this connection, counted per worker.
    let number: Int
    var pingTimer: TimerToken?
    var idleTimer: TimerToken?
    var lastInbound: UInt64
    /// When the socket last refused bytes after it had accepted all earlier ones, and when it last accepted some after that.
    var refusedAt: UInt64
    var lastProgress: UInt64
    var ignoredMessages = 0
    /// An `error` message that the engine has sent: usually the reason of the Close that follows.
    var engineError: String?
    /// Failed attempts before this connection: they count on if the engine refuses it.
    var retriesBefore = 0
  }

  enum Timer: Equatable {
    case handshake, redial, ping, idle, close
    case call(UUID128)
  }

  /// What the owner must do, in this order.
  enum Action {
    /// Look up the engine's host, connect and do the handshakes; then report `opened` or `dialFailed`.
    case dial
    /// Drop the socket, or the attempt to open one. It reports nothing more.
    case drop
    /// Send a Close frame after what the transport has, and then drop the socket, within a short time.
    case close([UInt8])
    case complete(PendingCall, CallOutcome)
    case run(RegisteredFunction, InboundInvocation)
    /// Pass a trigger to its type's handler, and send the handler's answer to the engine.
    case registerTrigger(RegisteredTriggerType, InboundTrigger, connection: Int)
    /// Tell the type's handler that a trigger has ended.
    case unregisterTrigger(RegisteredTriggerType, InboundTrigger)
    case report(IIIConnectionState)
    /// The worker has failed with this error.
    case giveUp(any Error)
    case identified(workerID: String)
    case rejected(RegistrationRejectedError)
    case log(LogLevel, String)
    /// The worker has ended.
    case didShutDown
  }

  let configuration: Configuration

  var state = State.disconnected
  var functions: [ByteKey: RegisteredFunction] = [:]
  var triggers: [String: Trigger] = [:]
  var triggerTypes: [ByteKey: RegisteredTriggerType] = [:]
  /// Triggers of the types that this worker provides, by their ids.
  var inboundTriggers: [ByteKey: InboundTrigger] = [:]
  /// The triggers among them that the engine has not sent yet since the last reconnect.
  var unconfirmedTriggers: Set<ByteKey> = []
  var registrations = Registrations()
  /// Whether the worker accepts no more work: see `retire`.
  var isRetired = false
  /// Calls whose caller waits.
  var calls: [UUID128: PendingCall] = [:]
  /// How many calls were made.
  var callCount: UInt64 = 0
  var outbox = Outbox()
  var timers = TimerHeap<Timer>()
  var actions: [Action] = []

  /// The number of connections so far.
  var connections = 0
  /// Failed attempts since the last connection.
  var retries = 0
  /// When a failed attempt was last logged as a warning.
  var lastRetryWarning: UInt64 = 0
  var hasTried = false
  /// Why there is no connection: the reason of the last failed attempt or of the end of the last connection.
  var lastReason: String?
  var reportedState = IIIConnectionState.disconnected
  var hasWarnedOfOverflow = false

  /// The worker's id as the engine last sent it, as JSON.
  var workerID: [UInt8]?
  var reattachToken: [UInt8]?

  init(_ configuration: Configuration) { self.configuration = configuration }

  // MARK: The owner's side

  /// When `timeReached` must be called next.
  var nextDeadline: UInt64? { timers.nextDeadline }

  /// The actions that follow from the events since the last call.
  mutating func takeActions(into batch: inout [Action]) {
    swap(&batch, &actions)
    actions.removeAll(keepingCapacity: true)
  }

  var hasActions: Bool { !actions.isEmpty }

  mutating func timeReached(_ now: UInt64) {
    while let timer = timers.popDue(now: now) {
      switch timer {
      case .handshake: handshakeTimedOut(now)
      case .redial: dial(now)
      case .ping: pingIsDue(now)
      case .idle: idleIsDue(now)
      case .close: closeTimedOut()
      case .call(let id): timedOut(id)
      }
    }
  }

  // MARK: Sending

  /// Whether the transport should be asked to call `fill`.
  var hasOutput: Bool {
    switch state {
    case .connected, .closing: outbox.isReady
    default: false
    }
  }

  /// Gives the transport the bytes that leave next; `false` if there are none.
  mutating func fill(_ write: ([UInt8]) -> Void) -> Bool {
    switch state {
    case .connected, .closing: break
    default: return false
    }
    var handedOver: [PendingCall] = []
    let hasWritten = outbox.fill(write) { handedOver.append($0) }
    for call in handedOver { finish(call.id, .success([])) }
    return hasWritten
  }

  /// TCP or TLS has accepted the first `bytes` bytes of the connection.
  mutating func noteSent(_ bytes: UInt64, now: UInt64) {
    if outbox.noteSent(bytes), outbox.isRefused { session?.lastProgress = now }
  }

  /// The socket refuses the bytes after the first `bytes`; see `Outbox.refused`.
  mutating func refused(after bytes: UInt64, now: UInt64) -> (keep: UInt64, probe: [UInt8]) {
    if !outbox.isRefused {
      session?.refusedAt = now
      session?.lastProgress = now
    }
    return outbox.refused(after: bytes) { ClientFrame.ping() }
  }

  /// The socket has accepted everything that the transport had.
  mutating func drained(now: UInt64) {
    outbox.drained()
    session?.lastProgress = now
  }

  // MARK: Shared helpers

  /// Why there is no connection; `nil` while there is one.
  var disconnection: String? {
    isConnected ? nil : lastReason ?? "no attempt to connect to \(configuration.address) has ended yet"
  }

  /// The state of the current connection; `nil` without one.
  var session: Session? {
    get { if case .connected(let session) = state { session } else { nil } }
    set { if case .connected = state, let newValue { state = .connected(newValue) } }
  }

  var isConnected: Bool { if case .connected = state { true } else { false } }

  /// Sends a message that belongs to the current connection, if there is one.
  mutating func send(_ message: some OutboundMessage) {
    if isConnected { outbox.append(.transient(Outbound(frame: message.frame()))) }
  }

  mutating func report(_ state: IIIConnectionState) {
    guard state != reportedState else { return }
    reportedState = state
    actions.append(.report(state))
  }

  mutating func log(_ level: LogLevel, _ message: String) { actions.append(.log(level, message)) }
}

/// The connection of a worker as a value: it takes events and times, and returns actions. It knows no socket, thread or clock.
///
/// Its owner calls one method for each event, performs what `takeActions` returns, and calls `timeReached` when `nextDeadline` has come.
/// Before each event it reports how much of the stream TCP or TLS has accepted (`noteSent`). Whenever the transport has room it is given
/// what `fill` writes; what it refuses is returned by `refused`.
struct ConnectionMachine {
  struct Configuration {
    /// For messages to people: without credentials and query.
    var address: String
    var reconnection = ReconnectionConfig()
    var keepAlive = KeepAliveConfig()
    /// How much may wait without a connection: messages, and their bytes together.
    var maxQueuedMessages = 1000
    var maxQueuedBytes = 64 << 20
    /// The call of `engine::workers::register`, the first message of a connection.
    var introduction: any OutboundMessage
    /// The largest message that is accepted; for error messages.
    var maxMessageBytes = 64 << 20
    /// While more bytes than this wait to be sent, calls without a result wait for their turn before they return.
    var maxUnsentBytes = 16 << 20
    /// How long the engine has to answer a Close.
    var closeTimeout: Duration = .seconds(5)
    /// A number from -1...1, a new one each time.
    var random: @Sendable () -> Double = { Double.random(in: -1...1) }
  }

  enum State {
    /// Not begun.
    case disconnected
    /// The engine's host is looked up and dialled.
    case connecting(timeout: TimerToken?)
    /// There is a TCP connection; `awaited` is the step of the server that comes next, for the text of a time-out.
    case handshaking(timeout: TimerToken?, awaited: String)
    case connected(Session)
    /// The next attempt waits for its time.
    case reconnecting(redial: TimerToken)
    /// Given up.
    case failed(any Error)
    /// Shut down; the engine's Close is awaited.
    case closing(timeout: TimerToken)
    case shutDown
  }

  /// What belongs to one connection, from its opening to its end.
  struct Session {
    /// Counts the worker's connections.
    let number: Int
    var pingTimer: TimerToken?
    var idleTimer: TimerToken?
    var lastInbound: UInt64
    /// When the socket last refused bytes, having accepted all before; and when it last accepted some after that.
    var refusedAt: UInt64
    var lastProgress: UInt64
    var ignoredMessages = 0
    /// An `error` that the engine has sent: usually the reason of the Close that follows.
    var engineError: String?
    /// Failed attempts before this connection: they count on if the engine refuses it.
    var retriesBefore = 0
  }

  enum Timer: Equatable {
    case handshake, redial, ping, idle, close
    case call(UUID128)
  }

  /// What the owner does, in this order.
  enum Action {
    /// Look the engine up, connect and shake hands; then report `opened` or `dialFailed`.
    case dial
    /// Drop the socket, or the attempt to get one. Nothing more is reported of it.
    case drop
    /// Send a Close after what the transport has, and drop the socket then, within a short time.
    case close([UInt8])
    case complete(PendingCall, CallOutcome)
    case run(RegisteredFunction, InboundInvocation)
    /// Tell a trigger type's handler of a trigger, and the engine what the handler answers.
    case registerTrigger(RegisteredTriggerType, InboundTrigger, connection: Int)
    /// Tell a trigger type's handler that a trigger has ended.
    case unregisterTrigger(RegisteredTriggerType, InboundTrigger)
    case report(IIIConnectionState)
    /// The worker has given up, with this error.
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
  /// Those of them that the engine has not sent yet since the last reconnect.
  var unconfirmedTriggers: Set<ByteKey> = []
  var registrations = Registrations()
  /// Whether the worker accepts no more work: see `retire`.
  var isRetired = false
  /// Calls whose caller waits.
  var calls: [UUID128: PendingCall] = [:]
  var outbox = Outbox()
  var timers = TimerHeap<Timer>()
  var actions: [Action] = []

  /// The number of connections so far.
  var connections = 0
  /// Failed attempts since the last connection.
  var retries = 0
  var hasTried = false
  /// Why there is no connection: how the last attempt, or the last connection, ended.
  var lastReason: String?
  var reportedState = IIIConnectionState.disconnected
  var hasWarnedOfOverflow = false

  /// What the engine last said about this worker, as JSON.
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

  /// Gives the transport what leaves next; `false` if there is nothing to give.
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

  /// The socket refuses what follows the first `bytes` bytes; see `Outbox.refused`.
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

  // MARK: Helpers of all parts

  /// Why there is no connection; `nil` while there is one.
  var disconnection: String? {
    isConnected ? nil : lastReason ?? "no attempt to connect to \(configuration.address) has ended yet"
  }

  /// What belongs to the present connection; `nil` without one.
  var session: Session? {
    get { if case .connected(let session) = state { session } else { nil } }
    set { if case .connected = state, let newValue { state = .connected(newValue) } }
  }

  var isConnected: Bool { if case .connected = state { true } else { false } }

  /// Sends a message that belongs to the present connection, if there is one.
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

/// The connection of a worker as a value: it takes events and moments, and says what is to be done. It knows no socket, no
/// thread and no clock.
///
/// Its owner calls one method an event, then does what `takeActions` says, and calls `timeReached` when `nextDeadline` has come.
/// Before each event it tells how much of the stream TCP or TLS has accepted (`noteSent`): that alone decides whether a call that is
/// caught by the end of a connection may be sent again.
struct ConnectionMachine {
  struct Configuration {
    /// For messages to people: without credentials and query.
    var address: String
    var reconnection = ReconnectionConfig()
    var keepAlive = KeepAliveConfig()
    var maxQueuedMessages = 1000
    /// The call of `engine::workers::register`, the first message of a connection.
    var introduction: any OutboundMessage
    /// Above this many bytes that wait to be sent nothing more is sent on the engine's demand.
    var maxUnsentBytes = 256 << 20
    /// How long the engine has to answer a Close.
    var closeTimeout: Duration = .seconds(5)
    /// A number from -1...1, drawn anew each time.
    var random: @Sendable () -> Double = { Double.random(in: -1...1) }
  }

  enum Timer: Equatable {
    case handshake, redial, ping, idle, close
    case call(UUID128)
  }

  struct Call {
    var pending: PendingCall
    var timer: TimerToken
    var isQueued: Bool
  }

  /// A frame in the stream of which neither TCP nor TLS has accepted anything yet, as far as is known.
  struct UnsentFrame {
    var start: UInt64
    var entry: OutboundQueue.Entry
  }

  let configuration: Configuration

  var phase = ConnectionPhase.disconnected
  var functions: [ByteKey: RegisteredFunction] = [:]
  var triggers: [String: Trigger] = [:]
  var triggerTypes: [ByteKey: RegisteredTriggerType] = [:]
  /// Triggers of the types that this worker provides, under their ids.
  var inboundTriggers: [ByteKey: InboundTrigger] = [:]
  /// Those of them that the engine has not sent yet since the last reconnect.
  var unconfirmedTriggers: Set<ByteKey> = []
  var registrations = Registrations()
  /// Whether the worker wants no more work: see `retire`.
  var isRetired = false
  var calls: [UUID128: Call] = [:]
  var queue: OutboundQueue
  var timers = TimerHeap<Timer>()
  var actions: [ConnectionAction] = []

  /// Counts the connections that stood; names the one that stands.
  var connection = 0
  /// Failed attempts since the last connection.
  var retries = 0
  var hasTried = false
  /// While shaking hands: what the server owes, in words.
  var awaited = ""
  /// Why there is no connection: how the last attempt, or the last connection, ended.
  var lastReason: String?
  var reportedState = IIIConnectionState.disconnected
  /// What calls are told once the worker has failed.
  var failure: (any Error)?

  /// How many bytes of frames the present connection was given, and how many of them TCP has accepted.
  var position: UInt64 = 0
  var sent: UInt64 = 0
  var unsent = FIFO<UnsentFrame>()

  /// The timer of handshake, redialling or closing: one of them at a time.
  var phaseTimer: TimerToken?
  var pingTimer: TimerToken?
  var idleTimer: TimerToken?
  var lastInbound: UInt64 = 0

  /// What the engine last said of this worker, as JSON.
  var workerID: [UInt8]?
  var reattachToken: [UInt8]?

  var ignoredMessages = 0
  var hasWarnedOfOverflow = false

  init(_ configuration: Configuration) {
    self.configuration = configuration
    queue = OutboundQueue(capacity: configuration.maxQueuedMessages)
  }

  // MARK: The owner's side

  /// When `timeReached` must be called next.
  var nextDeadline: UInt64? { timers.nextDeadline }

  /// What the events since the last call ask for.
  mutating func takeActions(into batch: inout [ConnectionAction]) {
    swap(&batch, &actions)
    actions.removeAll(keepingCapacity: true)
  }

  var hasActions: Bool { !actions.isEmpty }

  /// TCP or TLS has accepted the first `bytes` bytes of the present connection's frames.
  mutating func noteSent(_ bytes: UInt64) {
    sent = max(sent, min(bytes, position))
    while let first = unsent.first, first.start < sent { _ = unsent.popFirst() }
  }

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

  // MARK: Helpers of all parts

  /// Why there is no connection; `nil` while there is one.
  var disconnection: String? {
    phase == .connected ? nil : lastReason ?? "no attempt to connect to \(configuration.address) has ended yet"
  }

  /// Gives bytes to the present connection.
  mutating func write(_ frame: [UInt8]) {
    position += UInt64(frame.count)
    actions.append(.write(frame))
  }

  /// Gives a call's frame to the present connection, and remembers it until TCP has it.
  mutating func transmit(_ entry: OutboundQueue.Entry) {
    unsent.append(UnsentFrame(start: position, entry: entry))
    write(entry.frame)
  }

  /// Sends what the engine asked for by what it sent. An engine that asks and does not read is left: what it is owed must
  /// not grow without bound.
  mutating func answer(_ frame: [UInt8], now: UInt64) {
    guard position - sent <= UInt64(configuration.maxUnsentBytes) else {
      drop("the engine does not read what it is sent", now: now)
      return
    }
    write(frame)
  }

  mutating func report(_ state: IIIConnectionState) {
    guard state != reportedState else { return }
    reportedState = state
    actions.append(.report(state))
  }

  mutating func log(_ level: LogLevel, _ message: String) { actions.append(.log(level, message)) }

  mutating func setPhaseTimer(_ timer: Timer, at deadline: UInt64) {
    cancelPhaseTimer()
    phaseTimer = timers.insert(at: deadline, timer)
  }

  mutating func cancelPhaseTimer() {
    if let phaseTimer { timers.cancel(phaseTimer) }
    phaseTimer = nil
  }
}

/// One message on its way to the engine: as frames, or, while much waits before it, as the message that they are made from.
struct Outbound: Sendable {
  private enum Content {
    case frame([UInt8])
    case message(any OutboundMessage)
  }

  private var content: Content
  /// The size in bytes; of a message without the headers of its frames.
  let count: Int

  init(frame: [UInt8]) {
    content = .frame(frame)
    count = frame.count
  }

  init(_ message: any OutboundMessage) {
    content = .message(message)
    count = message.count
  }

  init(_ message: any OutboundMessage, count: Int) {
    content = .message(message)
    self.count = count
  }

  var frame: [UInt8] {
    switch content {
    case .frame(let frame): frame
    case .message(let message): message.frame()
    }
  }
}

/// Everything that waits to be sent to the engine, in the order in which it leaves.
///
/// The transport is given no more than it takes at once: what the socket refuses comes back, except for the message that has begun to
/// leave. So a call that ends while it waits never leaves, and everything that waits survives the end of the connection.
struct Outbox {
  enum Entry {
    /// A call; it holds its message, and drops it when it ends.
    case call(PendingCall)
    /// A call without a result whose caller does not wait any more.
    case unanswered(Outbound)
    /// A message of this connection alone: a result, a registration.
    case transient(Outbound)
    /// Keep-alive, before everything else; at most one of each kind waits.
    case control(Control, [UInt8])
  }

  enum Control { case ping, pong, pongMessage }

  /// How much the transport is given at a time.
  static let batchBytes = 256 << 10

  /// What leaves first: the messages that begin a connection, pings, pongs.
  private var urgent = FIFO<Entry>()
  private var waiting = FIFO<Entry>()
  /// Calls in `waiting` that have ended since.
  private var ended = 0
  /// Bytes in `urgent` and `waiting`.
  private(set) var waitingBytes = 0

  /// What the transport was given and the socket has not been asked for yet.
  private var given: [Given] = []
  /// Bytes that the transport was given on this connection, and those of them that TCP or TLS has accepted.
  private var position: UInt64 = 0
  private var sent: UInt64 = 0
  /// The socket has refused bytes, and not yet accepted all that the transport has.
  private(set) var isRefused = false

  /// Bytes that wait for the socket, in the transport and here.
  var backlog: Int { waitingBytes + Int(position - sent) }

  /// Entries that wait, urgent ones not counted.
  var count: Int { waiting.count - ended }

  /// Whether the transport should be given something.
  var isReady: Bool { !isRefused && !(urgent.isEmpty && waiting.isEmpty) }

  // MARK: Adding

  mutating func append(_ entry: Entry) {
    if case .call(let call) = entry { call.place = .waiting }
    waitingBytes += entry.count
    waiting.append(entry)
  }

  /// Adds a message that leaves before those that wait.
  mutating func appendUrgent(_ message: Outbound) {
    waitingBytes += message.count
    urgent.append(.transient(message))
  }

  /// Adds a ping or pong; it replaces one of its kind that has not left.
  mutating func append(_ control: Control, _ frame: [UInt8]) {
    var replaced = 0
    urgent.removeAll { entry in
      guard case .control(control, let old) = entry else { return false }
      replaced += old.count
      return true
    }
    waitingBytes += frame.count - replaced
    urgent.append(.control(control, frame))
  }

  // MARK: Removing

  /// Removes a call that waits here.
  mutating func remove(_ call: PendingCall) {
    guard call.place == .waiting else { return }
    waitingBytes -= call.message?.count ?? 0
    call.place = .ended
    call.message = nil
    ended += 1
    if ended > 64 && ended > count { compact() }
  }

  /// Takes the oldest entry out.
  mutating func removeFirst() -> Entry? {
    while let entry = waiting.popFirst() {
      if case .call(let call) = entry {
        guard call.place == .waiting else {
          ended -= 1
          continue
        }
        call.place = .given
      }
      waitingBytes -= entry.count
      return entry
    }
    return nil
  }

  private mutating func compact() {
    waiting.removeAll { entry in
      if case .call(let call) = entry { call.place != .waiting } else { false }
    }
    ended = 0
  }

  /// The connection has ended: what belongs to it alone is removed. The rest waits for the next one. Returns the calls without a
  /// result, whose callers need not wait for that.
  mutating func endConnection() -> [PendingCall] {
    takeBack()
    var handedOver: [PendingCall] = []
    let entries = waiting.removeAll()
    waitingBytes = 0
    ended = 0
    for entry in entries {
      switch entry {
      case .transient, .control: break
      case .unanswered: append(entry)
      case .call(let call) where call.place != .waiting: break
      case .call(let call) where call.hasResult: append(entry)
      case .call(let call):
        if let message = call.message { append(.unanswered(message)) }
        call.place = .ended
        call.message = nil
        handedOver.append(call)
      }
    }
    urgent = FIFO()
    given = []
    position = 0
    sent = 0
    isRefused = false
    return handedOver
  }

  // MARK: The transport

  /// Gives the transport a batch; `false` if there is nothing to give. `handedOver` is told of calls without a result that leave.
  mutating func fill(_ write: ([UInt8]) -> Void, handedOver: (PendingCall) -> Void) -> Bool {
    settle()
    guard isReady else { return false }
    let limit = position + UInt64(Self.batchBytes)
    while position < limit, let (entry, isUrgent) = takeFirst() {
      let (entry, frame) = framed(entry, handedOver)
      write(frame)
      given.append(Given(entry: entry, isUrgent: isUrgent, start: position))
      position += UInt64(frame.count)
    }
    return true
  }

  private mutating func takeFirst() -> (Entry, isUrgent: Bool)? {
    if let entry = urgent.popFirst() {
      waitingBytes -= entry.count
      return (entry, true)
    }
    return removeFirst().map { ($0, false) }
  }

  private func framed(_ entry: Entry, _ handedOver: (PendingCall) -> Void) -> (Entry, [UInt8]) {
    switch entry {
    case .call(let call):
      let frame = call.message?.frame ?? []
      guard call.hasResult else {
        call.place = .ended
        call.message = nil
        handedOver(call)
        return (.unanswered(Outbound(frame: frame)), frame)
      }
      call.message = Outbound(frame: frame)
      return (entry, frame)
    case .unanswered(let message):
      let frame = message.frame
      return (.unanswered(Outbound(frame: frame)), frame)
    case .transient(let message):
      let frame = message.frame
      return (.transient(Outbound(frame: frame)), frame)
    case .control(_, let frame): return (entry, frame)
    }
  }

  /// The socket has not refused what the transport was given: it leaves.
  private mutating func settle() {
    for given in given { given.leave() }
    given.removeAll(keepingCapacity: true)
  }

  /// TCP or TLS has accepted the first `bytes` bytes of the connection; returns whether those are more than before.
  @discardableResult
  mutating func noteSent(_ bytes: UInt64) -> Bool {
    guard bytes > sent else { return false }
    sent = min(bytes, position)
    return true
  }

  /// The socket refuses what follows the first `bytes` bytes. The result says up to where the transport keeps what it has; the rest
  /// waits here again. `probe` is what the transport then writes if it keeps nothing: only a write that is under way reports room.
  mutating func refused(after bytes: UInt64, probe: () -> [UInt8]) -> (keep: UInt64, probe: [UInt8]) {
    noteSent(bytes)
    isRefused = true
    takeBack()
    guard position == sent else { return (position, []) }
    let probe = probe()
    position += UInt64(probe.count)
    return (sent, probe)
  }

  /// Takes back what was given and has not begun to leave.
  private mutating func takeBack() {
    while let last = given.last, last.start >= sent {
      given.removeLast()
      position = last.start
      if case .call(let call) = last.entry {
        guard call.place == .given else { continue }
        call.place = .waiting
      }
      waitingBytes += last.entry.count
      if last.isUrgent { urgent.prepend(last.entry) } else { waiting.prepend(last.entry) }
    }
    settle()
  }

  /// The socket has accepted everything that the transport had.
  mutating func drained() {
    sent = position
    isRefused = false
  }
}

extension Outbox {
  /// An entry that the transport was given, and where it starts in the connection's stream.
  private struct Given {
    var entry: Entry
    var isUrgent: Bool
    var start: UInt64

    /// It has begun to leave and cannot be taken back.
    func leave() {
      guard case .call(let call) = entry, call.place == .given else { return }
      call.place = .left
      call.message = nil
    }
  }
}

extension Outbox.Entry {
  /// The bytes that it counts for.
  fileprivate var count: Int {
    switch self {
    case .call(let call): call.message?.count ?? 0
    case .unanswered(let message), .transient(let message): message.count
    case .control(_, let frame): frame.count
    }
  }
}

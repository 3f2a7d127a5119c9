/// One outbound message: encoded as frames, or, while much waits before it, as the message from which they are encoded.
struct Outbound: Sendable {
  private enum Content {
    case frame([UInt8])
    /// Encodes a message.
    case message(@Sendable () -> [UInt8])
  }

  private var content: Content
  /// The size in bytes; for a message that is not encoded yet, without the headers of its frames.
  let count: Int

  init(frame: [UInt8]) {
    content = .frame(frame)
    count = frame.count
  }

  /// - Parameter count: The message's size.
  init(_ message: some OutboundMessage, count: Int) {
    content = .message { message.frame(count: count) }
    self.count = count
  }

  var frame: [UInt8] {
    switch content {
    case .frame(let frame): frame
    case .message(let encode): encode()
    }
  }
}

/// Everything that waits to be sent to the engine, in the order in which it leaves.
///
/// The transport is given only what it accepts at once: what the socket refuses is taken back, except for the message that has begun to
/// leave. So a call that ends while it waits is never sent, and everything that waits survives the end of the connection.
struct Outbox {
  enum Entry {
    /// A call; it holds its message, and drops it when it ends.
    case call(PendingCall)
    /// A call without a result whose caller no longer waits.
    case unanswered(Outbound)
    /// A message for this connection only: a result, a registration.
    case transient(Outbound)
    /// A control frame; it leaves before everything else, and at most one of each kind waits.
    case control(Control, [UInt8])
  }

  enum Control { case ping, pong, pongMessage }

  /// How many bytes the transport is given at a time.
  static let batchBytes = 256 << 10

  /// Messages that leave first: those that begin a connection, pings, pongs.
  private var urgent = FIFO<Entry>()
  private var waiting = FIFO<Entry>()
  /// The number of calls in `waiting` that have ended.
  private var ended = 0
  /// Bytes in `urgent` and `waiting`.
  private(set) var waitingBytes = 0

  /// What the transport was given and has not offered to the socket yet.
  private var given: [Given] = []
  /// The number of bytes that the transport was given on this connection, and of those that TCP or TLS has accepted.
  private var position: UInt64 = 0
  private var sent: UInt64 = 0
  /// Whether the socket has refused bytes and has not yet accepted everything that the transport has.
  private(set) var isRefused = false

  /// Bytes that wait for the socket, in the transport and here.
  var backlog: Int { waitingBytes + Int(position - sent) }

  /// The number of waiting entries, without urgent ones.
  var count: Int { waiting.count - ended }

  /// Whether the transport should be given something.
  var isReady: Bool { !isRefused && !(urgent.isEmpty && waiting.isEmpty) }

  // MARK: Adding

  mutating func append(_ entry: Entry) {
    if case .call(let call) = entry { call.place = .waiting }
    waitingBytes += entry.count
    waiting.append(entry)
  }

  /// Adds a message that leaves before the waiting ones.
  mutating func appendUrgent(_ message: Outbound) {
    waitingBytes += message.count
    urgent.append(.transient(message))
  }

  /// Adds a ping or pong; it replaces one of the same kind that has not left.
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

  /// Removes a waiting call.
  mutating func remove(_ call: PendingCall) {
    guard call.place == .waiting else { return }
    waitingBytes -= call.message?.count ?? 0
    call.place = .ended
    call.message = nil
    ended += 1
    if ended > 64 && ended > count { compact() }
  }

  /// Removes and returns the oldest entry.
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

  /// Removes what belongs only to the connection that has ended; the rest waits for the next one. Returns the calls without a result, whose
  /// callers need not wait for that.
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

  /// Gives the transport a batch; `false` if there is nothing to give. `handedOver` is called for each call without a result that leaves.
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

  /// The socket was offered what the transport had been given and refused nothing: it leaves.
  private mutating func settle() {
    for given in given { given.leave() }
    given.removeAll(keepingCapacity: true)
  }

  /// TCP or TLS has accepted the first `bytes` bytes of the connection; returns whether that is progress.
  @discardableResult
  mutating func noteSent(_ bytes: UInt64) -> Bool {
    guard bytes > sent else { return false }
    sent = min(bytes, position)
    return true
  }

  /// The socket refuses the bytes after the first `bytes`. The result says up to which position the transport keeps its bytes; the rest
  /// waits here again. `probe` is what the transport then writes if it keeps nothing: only a pending write reports that there is room.
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

    /// The message has begun to leave and cannot be taken back.
    func leave() {
      guard case .call(let call) = entry, call.place == .given else { return }
      call.place = .left
      call.message = nil
    }
  }
}

extension Outbox.Entry {
  /// Its number of bytes.
  fileprivate var count: Int {
    switch self {
    case .call(let call): call.message?.count ?? 0
    case .unanswered(let message), .transient(let message): message.count
    case .control(_, let frame): frame.count
    }
  }
}

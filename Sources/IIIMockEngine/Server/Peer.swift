internal import III
internal import UV

/// One accepted connection, from the first byte of its request to its end. Confined to the engine's loop.
final class Peer {
  /// What the connection is at present.
  enum Phase {
    /// The request's head is being read.
    case opening
    /// A worker, on `/`.
    case worker(PeerID)
    /// Anything else.
    case role(any ConnectionRole)
    /// Nothing that it sends counts any more.
    case ended
  }

  let stream: TCPStream
  /// Connections are numbered from 1 on, in the order in which they were accepted.
  let number: UInt32
  /// The number of the listener that accepted the connection, among those for workers.
  let listener: Int
  /// The built-in worker whose port accepted the connection; `nil` for a listener for workers.
  let builtIn: ByteKey?
  var phase = Phase.opening
  /// What the connection is or was, for the journal.
  private(set) var roleName: String?
  /// The name that a worker has reported.
  var workerName: String?
  /// What faults do to its bytes.
  var shaper: Shaper?
  var head = HTTPHeadParser()
  var reader = FrameReader(role: .server)
  /// The limit of the handshake.
  var timer: TimerToken?
  /// Whether a warning has been given that the peer does not read.
  var isSlow = false
  /// Whether it was reported that the peer is not read because of its backlog.
  var isAtHighWater = false
  /// Whether the peer is about to be dropped because too much output waits for it.
  var isOverflowing = false
  /// What the peer is known to have read.
  var acknowledgement = Acknowledgement()
  /// How long the messages of a read may take.
  private let budget: ReadBudget
  private(set) var pauses: Pauses = []
  /// While a read is being handled, its end decides whether reading goes on.
  private var isHandlingRead = false

  /// Reasons for which a peer's further messages have to wait.
  struct Pauses: OptionSet {
    let rawValue: UInt8
    /// Much output waits for the peer. A message that has begun is still read to its end: the peer may not read before
    /// it has sent all of it.
    static let output = Pauses(rawValue: 1)
    /// Its role asked for it.
    static let role = Pauses(rawValue: 2)
    /// A hook is asked about a registration: nothing of the connection is handled meanwhile.
    static let hook = Pauses(rawValue: 4)
    /// A fault lets nothing through.
    static let fault = Pauses(rawValue: 8)
  }

  unowned let peers: Peers

  init(_ stream: TCPStream, of peers: Peers, number: UInt32, listener: Int, builtIn: ByteKey? = nil) {
    self.stream = stream
    self.number = number
    self.listener = listener
    self.builtIn = builtIn
    self.peers = peers
    budget = peers.budget
  }

  // MARK: Reading

  /// Handles the bytes of one read, in `body`; what is left of them waits for the next turn.
  func handleRead(_ body: () -> Void) {
    budget.begin()
    isHandlingRead = true
    body()
    isHandlingRead = false
    let rest = reader.takeRest()
    if !rest.isEmpty { stream.postpone(rest) }
    updateReading()
  }

  /// Whether a role has to leave further messages of a read for later. To be asked after each message behind which
  /// there are more.
  var isTurnOver: Bool { budget.isSpent() }

  func pause(_ reason: Pauses) {
    pauses.insert(reason)
    if isHandlingRead { budget.stop() } else { updateReading() }
  }

  func resume(_ reason: Pauses) {
    guard pauses.remove(reason) != nil, !isHandlingRead else { return }
    updateReading()
  }

  private func updateReading() {
    if !pauses.isDisjoint(with: [.role, .hook, .fault]) || !pauses.isEmpty && !reader.isInsideMessage {
      stream.stopReading()
    } else {
      stream.startReading()
    }
  }

  // MARK: Writing

  /// Writes bytes as they are.
  func send(_ bytes: [UInt8]) {
    stream.withWriteSpace(bytes.count) { memory in ByteWriter.fill(memory) { $0.append(bytes) } }
  }

  func send(_ response: HTTPResponse) {
    send(response.bytes(secondsSinceEpoch: Int64(peers.wallClock / 1_000_000_000)))
  }

  /// Writes one message as a text frame; returns its length.
  @discardableResult func send(_ text: some OutgoingText) -> Int {
    let count = text.byteCount
    stream.withWriteSpace(FrameEncoder.size(payload: count, role: .server)) { memory in
      ByteWriter.fill(memory) { writer in
        FrameEncoder.writeHeader(.text, payload: count, maskKey: nil, into: &writer)
        text.compose(into: &writer)
      }
    }
    return count
  }

  /// Writes a whole frame.
  func send(_ opcode: Opcode, _ payload: ByteView) {
    stream.withWriteSpace(FrameEncoder.size(payload: payload.count, role: .server)) { memory in
      ByteWriter.fill(memory) { FrameEncoder.writeFrame(opcode, payload, maskKey: nil, into: &$0) }
    }
  }

  /// Answers a ping.
  func pong(_ payload: ByteView) { if peers.hasRoom(self) { send(.pong, payload) } }

  // MARK: For roles

  /// Lets the listener's auth function decide about a connection whose upgrade was accepted.
  ///
  /// - Parameter admit: Gives the connection its role; called at once where the listener has no auth function, and not
  ///   at all if the connection is refused or leaves.
  func authenticate(_ request: HTTPRequestHead, then admit: @escaping (ConnectionAccess) -> Void) {
    peers.engine?.authentications.begin(request, on: self, then: admit)
  }

  /// The answer to a request that a web page must not make; `nil` if the request is let in.
  func refusal(of request: HTTPRequestHead) -> HTTPResponse? { peers.engine?.refusal(of: request) }

  /// Handles bytes that were kept as if they were read now.
  func handle(_ bytes: [UInt8]) {
    if bytes.isEmpty { return }
    var bytes = bytes
    bytes.withUnsafeMutableBytes { peers.received($0, from: self) }
  }

  /// The connection has a role from now on.
  func become(_ role: any ConnectionRole) {
    phase = .role(role)
    roleName = role.name
    if let engine = peers.engine, engine.faults.concernsConnections { engine.meetConnectionsSoon() }
  }

  /// Sends a last frame and ends the connection; the role is not told, for it knows.
  func end(with frame: [UInt8], because reason: String) {
    send(frame)
    phase = .ended
    peers.close(self, because: reason)
  }

  /// Ends the connection without a Close; the role is not told, for it knows.
  func drop(because reason: String) {
    phase = .ended
    peers.finish(self, because: reason)
  }

  /// Answers the peer's Close, repeating its code, and ends the connection.
  func answer(_ close: CloseReason, echoing reason: String) {
    send(FrameEncoder.close(close.code, reason: reason, maskKey: nil))
    peers.close(self, because: close.code.map { "closed by the worker (\($0))" } ?? "closed by the worker")
  }

  /// Ends the connection of a peer that broke the WebSocket protocol.
  ///
  /// - Parameter note: A line for the engine's log.
  func refuse(_ violation: FrameViolation, note: String? = nil) {
    send(FrameEncoder.close(violation.closeCode, reason: violation.closeReason, maskKey: nil))
    if let note { peers.engine?.note(.warning(note)) }
    peers.close(self, because: "\(violation)")
  }
}

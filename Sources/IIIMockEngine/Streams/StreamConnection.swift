internal import III
internal import UV

/// A client's connection at the port of stream sockets, from the first byte of its request. Confined to the engine's loop.
///
/// Its messages are handled strictly one after another: what comes while one waits for functions of workers is kept, up
/// to a limit, so that the connection's end is noticed.
final class StreamConnection: ConnectionRole {
  let name = "a stream socket"
  let number: StreamSubscriptions.Client

  private enum Phase {
    case request(HTTPHeadParser)
    /// The auth function is asked; the answer to the request follows.
    case authenticating(HTTPResponse)
    case open
  }

  private let worker: StreamWorker
  /// `nil` once the connection has ended, or is about to.
  private var peer: Peer?
  private var phase = Phase.request(HTTPHeadParser())
  /// What the auth function has said of the client: JSON.
  private(set) var context = Array("null".utf8)
  /// Whether a message is being handled.
  private var isBusy = false
  private var kept: [UInt8] = []
  /// The limit of the handshake.
  var timer: TimerToken?

  /// The most bytes that are kept while a message is being handled.
  private static let maxKept = 64 << 10
  /// The longest message of a client: names of a subscription.
  private static let limits = FrameLimits(maxFrameBytes: 1 << 20, maxMessageBytes: 1 << 20)
  /// A client that has so much to read gets no more: its connection is ended.
  static let maxUnsent = 16 << 20

  init(_ number: StreamSubscriptions.Client, of worker: StreamWorker, on peer: Peer) {
    self.number = number
    self.worker = worker
    self.peer = peer
  }

  var isEnded: Bool { peer == nil }

  // MARK: Reading

  func received(_ bytes: UnsafeMutableRawBufferPointer, on connection: Peer) {
    guard peer != nil else { return }
    if isBusy || !kept.isEmpty { return keep(UnsafeRawBufferPointer(bytes)) }
    switch phase {
    case .request(var parser):
      let progress = parser.request(ByteView(UnsafeRawBufferPointer(bytes)))
      phase = .request(parser)
      switch progress {
      case .needMore: break
      case .malformed(let error):
        if let answer = Upgrade.refusal(of: error) { connection.send(answer) }
        end(because: "\(error)")
      case .complete(let request, let consumed):
        admit(request, connection)
        if consumed < bytes.count {
          received(UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...]), on: connection)
        }
      }
    case .authenticating: keep(UnsafeRawBufferPointer(bytes))
    case .open:
      connection.reader.append(bytes)
      readMessages(connection)
    }
  }

  private func keep(_ bytes: UnsafeRawBufferPointer) {
    kept.append(contentsOf: bytes)
    if kept.count > StreamConnection.maxKept { peer?.pause(.role) }
  }

  private func readMessages(_ connection: Peer) {
    while let message = connection.reader.nextMessage({ connection.pong($0) }) {
      switch message {
      case .text(let bytes), .binary(let bytes): handle(bytes)
      case .pong, .control: break
      case .end(.closed(let reason)):
        peer = nil
        worker.ended(self)
        return connection.answer(reason, echoing: reason.reason)
      case .end(.broken(let violation)):
        peer = nil
        worker.ended(self)
        return connection.refuse(violation, note: "a stream socket was dropped: \(violation)")
      }
      if isBusy {
        keep(UnsafeRawBufferPointer(connection.reader.takeRest()))
        return
      }
      if connection.reader.hasMore && connection.isTurnOver { return }
    }
  }

  private func handle(_ bytes: ByteView) {
    do throws(StreamMessage.Problem) {
      switch try StreamMessage(bytes) {
      case .join(let subscription):
        isBusy = true
        worker.join(subscription, self)
      case .leave(let subscription):
        isBusy = true
        worker.leave(subscription, of: self) { [self] in mayGoOn() }
      case nil: break
      }
    } catch {
      worker.host?.warn("a message of a stream socket is ignored: \(error.reason)")
    }
  }

  /// The message that was being handled is done: the next one comes.
  func mayGoOn() {
    isBusy = false
    guard !kept.isEmpty else { return }
    // Later, because this may be called while the message is still being read.
    worker.host?.later { [weak self] in self?.handleKept() }
  }

  private func handleKept() {
    guard let peer, !isBusy else { return }
    let bytes = kept
    kept = []
    peer.resume(.role)
    peer.handle(bytes)
  }

  // MARK: The handshake

  private func admit(_ request: HTTPRequestHead, _ connection: Peer) {
    worker.forgetTimer(of: self)
    if let refusal = connection.refusal(of: request) {
      connection.send(refusal)
      return end(because: "a page of another place")
    }
    if request.path != "/" { worker.note(wrongPath: request.path) }
    let verdict = Upgrade.check(request, isKnownPath: request.path == "/")
    guard case .accepted(let response) = verdict else {
      connection.send(verdict.response)
      return end(because: "no upgrade")
    }
    phase = .authenticating(response)
    let address = connection.stream.peerAddress
    worker.authenticate(request, self, address: address.map { "\($0.urlHost):\($0.port)" } ?? "")
  }

  /// The client is let in: what it has sent meanwhile is handled now.
  func accept(context: [UInt8]) {
    guard let peer, case .authenticating(let response) = phase else { return }
    self.context = context
    phase = .open
    peer.reader = FrameReader(role: .server, limits: StreamConnection.limits)
    peer.send(response)
    if !kept.isEmpty { worker.host?.later { [weak self] in self?.handleKept() } }
  }

  /// The request's head has not come in time.
  func requestIsLate() {
    guard case .request = phase else { return }
    end(because: "no request came")
  }

  // MARK: Writing

  /// Sends a message. A client that does not read is dropped: it joins again, and gets what is there then.
  func send(_ message: [UInt8]) {
    guard let peer else { return }
    if peer.stream.unsentBytes > StreamConnection.maxUnsent {
      peer.stream.flush()  // what was made in this turn may still find room
      if peer.stream.unsentBytes > StreamConnection.maxUnsent { return drop(peer) }
    }
    message.withView { peer.send(.text, $0) }
  }

  private func drop(_ peer: Peer) {
    worker.host?.warn(
      "a stream socket does not read: \(peer.stream.unsentBytes) bytes wait for it, so its connection is ended")
    self.peer = nil
    worker.ended(self)
    peer.drop(because: "it did not read")
  }

  // MARK: The end

  /// Ends the connection when everything has been sent.
  private func end(because reason: String) {
    let peer = peer
    self.peer = nil
    worker.ended(self)
    peer?.end(with: [], because: reason)
  }

  func ended(_ connection: Peer) {
    guard peer != nil else { return }
    peer = nil
    worker.ended(self)
  }
}

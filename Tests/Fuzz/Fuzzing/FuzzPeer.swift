import III
import TestSupport
import UV

/// One end of a WebSocket, that sends whatever bytes it is told to. Confined to the fuzzer's loop.
final class FuzzPeer {
  let name: String
  private let loop: Loop
  /// What this end is: a client of an engine, or a server that a worker of the SDK connects to.
  private let role: WebSocketRole
  private var stream: TCPStream?
  private var attempt: ConnectAttempt?
  private var head = HTTPHeadParser()
  private var reader: FrameReader
  /// Each text message; anything else, or what is no message, is a fault of the other end.
  var onText: ((borrowing Envelope) -> Void)?
  var onOpen: (() -> Void)?
  var onChange: (() -> Void)?
  private(set) var isOpen = false
  private(set) var hasEnded = false
  private(set) var failure: String?
  /// Bytes were sent that break the framing: what is sent from now on may never be read.
  var isDoomed = false
  /// A frame may have been cut: what is sent now would stand in its middle.
  var isHalfSent = false
  private var fencesSent = 0
  private var fencesPassed = 0

  init(name: String, loop: Loop, role: WebSocketRole = .client) {
    self.name = name
    self.loop = loop
    self.role = role
    reader = FrameReader(role: role)
  }

  /// All that was sent before the last `fence` has been dealt with.
  var isFenced: Bool { fencesPassed == fencesSent }

  func connect(to address: SocketAddress) {
    attempt = TCPStream.connect(on: loop, to: address) { [self] result in
      attempt = nil
      switch result {
      case .failure(let error): fail("cannot connect: \(error)")
      case .success(let stream):
        attach(stream)
        let request =
          "GET / HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        send(Array(request.utf8))
      }
    }
  }

  /// Takes a connection that was accepted.
  func attach(_ stream: TCPStream) {
    self.stream = stream
    stream.onRead = { [unowned self] in read($0) }
    stream.onEnd = { [unowned self] _ in end() }
    stream.startReading()
  }

  func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { stream?.write($0) } }

  func send(text: String) { send(opcode: 1, Array(text.utf8)) }

  /// Sends a whole frame as this end has to.
  func send(opcode: UInt8, _ payload: [UInt8]) {
    send(RawFrame(opcode: opcode, payload: payload, isMasked: role == .client).encoded())
  }

  /// Sends bytes in two turns of the loop, so that a frame is cut and others come in between, and a fence after them.
  func send(inTwoParts bytes: [UInt8], cutAt cut: Int) {
    send(Array(bytes.prefix(cut)))
    isHalfSent = true
    if !isDoomed { promiseFence() }
    loop.post { [bound = LoopBound(self, on: loop), rest = Array(bytes.dropFirst(cut))] in
      let peer = bound.value
      peer.send(rest)
      peer.isHalfSent = false
      if !peer.isDoomed { peer.sendFence() }
    }
  }

  func fence() {
    promiseFence()
    sendFence()
  }

  /// From now on the peer is not fenced, until the fence that is sent later has passed.
  private func promiseFence() { fencesSent += 1 }

  private func sendFence() { send(opcode: 9, Array("fence \(fencesSent)".utf8)) }

  /// Ends the connection from this side: cut, reset, or with what is unsent sent first.
  func leave(_ way: Int) {
    guard !hasEnded else { return }
    switch way {
    case 0: stream?.close()
    case 1: stream?.reset()
    default:
      // A peer that does not read may itself be read no more: then what is unsent would never be sent.
      if stream?.unsentBytes == 0 { stream?.closeAfterFlush() } else { stream?.close() }
    }
    end()
  }

  private func end() {
    hasEnded = true
    isOpen = false
    stream?.onRead = nil
    stream?.onEnd = nil
    stream = nil
    onChange?()
  }

  private func fail(_ reason: String) {
    if failure == nil { failure = "\(name): \(reason)" }
    onChange?()
  }

  private func read(_ chunk: UnsafeMutableRawBufferPointer) {
    if isOpen {
      reader.append(chunk)
    } else {
      let view = ByteView(UnsafeRawBufferPointer(chunk))
      guard let consumed = role == .client ? takeResponse(view) : takeRequest(view) else { return }
      isOpen = true
      onOpen?()
      reader.append(chunk, droppingFirst: consumed)
    }
    while let event = reader.next() { take(event) }
    onChange?()
  }

  /// The length of the head, when it is whole.
  private func takeResponse(_ bytes: ByteView) -> Int? {
    switch head.response(bytes) {
    case .needMore: return nil
    case .malformed(let error): fail("the answer to the upgrade: \(error)")
    case .complete(let response, let consumed):
      if response.status == 101 { return consumed }
      fail("the upgrade was answered with \(response.status)")
    }
    return nil
  }

  private func takeRequest(_ bytes: ByteView) -> Int? {
    switch head.request(bytes) {
    case .needMore: return nil
    case .malformed(let error): fail("the request: \(error)")
    case .complete(let request, let consumed):
      if case .accepted(let response) = Upgrade.check(request, isKnownPath: true) {
        send(response.bytes(secondsSinceEpoch: 0))
        return consumed
      }
      fail("no request for an upgrade: \(request)")
    }
    return nil
  }

  private func take(_ event: FrameEvent) {
    switch event {
    case .text(let message):
      do {
        let envelope = try Envelope.scan(message, maxDepth: .max)
        if envelope.kind == nil { return fail("received a message of no kind: \(message.string)") }
        onText?(envelope)
      } catch {
        fail("received what is no message: \(message.string)")
      }
    case .binary, .skipped: fail("received a binary message")
    case .ping(let payload): if role == .server { send(opcode: 10, payload.array) } else { fail("received a ping") }
    case .pong(let payload): if payload.string == "fence \(fencesPassed + 1)" { fencesPassed += 1 }
    case .close:
      // Of an engine: its answer to broken frames, and the end follows. A worker waits for the end.
      if role == .server { leave(2) }
    case .violation(let violation): fail("the other end broke the protocol: \(violation)")
    }
  }
}

import III
import TestSupport
import UV

/// A raw connection to an engine, that sends whatever bytes it is told to. Confined to the fuzzer's loop.
final class FuzzPeer {
  let name: String
  private let loop: Loop
  private var stream: TCPStream?
  private var attempt: ConnectAttempt?
  private var head = HTTPHeadParser()
  private var reader = FrameReader(role: .client)
  /// Each text message; a peer that is answered with anything else, or with no JSON, is the engine's fault.
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

  init(name: String, loop: Loop) {
    self.name = name
    self.loop = loop
  }

  /// All that was sent before the last `fence` has been dealt with.
  var isFenced: Bool { fencesPassed == fencesSent }

  func connect(to address: SocketAddress) {
    attempt = TCPStream.connect(on: loop, to: address) { [self] result in
      attempt = nil
      switch result {
      case .failure(let error): fail("cannot connect: \(error)")
      case .success(let stream):
        self.stream = stream
        stream.onRead = { [unowned self] in read($0) }
        stream.onEnd = { [unowned self] _ in end() }
        stream.startReading()
        let request =
          "GET / HTTP/1.1\r\nHost: engine\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        send(Array(request.utf8))
      }
    }
  }

  func send(_ bytes: [UInt8]) { bytes.withUnsafeBytes { stream?.write($0) } }

  func send(text: String) { send(RawFrame.text(text).encoded()) }

  func fence() {
    promiseFence()
    sendFence()
  }

  /// From now on the peer is not fenced, until the fence that is sent later has passed.
  func promiseFence() { fencesSent += 1 }

  func sendFence() { send(RawFrame.ping(Array("fence \(fencesSent)".utf8)).encoded()) }

  /// Ends the connection from this side: cut, reset, or with what is unsent sent first.
  func leave(_ way: Int) {
    guard !hasEnded else { return }
    switch way {
    case 0: stream?.close()
    case 1: stream?.reset()
    default: stream?.closeAfterFlush()
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
      switch head.response(ByteView(UnsafeRawBufferPointer(chunk))) {
      case .needMore: return
      case .malformed(let error): return fail("the answer to the upgrade: \(error)")
      case .complete(let response, let consumed):
        guard response.status == 101 else { return fail("the upgrade was answered with \(response.status)") }
        isOpen = true
        onOpen?()
        reader.append(chunk, droppingFirst: consumed)
      }
    }
    while let event = reader.next() { take(event) }
    onChange?()
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
    case .binary: fail("received a binary message")
    case .ping: fail("received a ping")
    case .pong(let payload): if payload.string == "fence \(fencesPassed + 1)" { fencesPassed += 1 }
    case .close: break  // the engine's answer to broken frames; the end follows
    case .violation(let violation): fail("the engine broke the protocol: \(violation)")
    }
  }
}

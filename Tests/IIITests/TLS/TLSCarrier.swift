import UV

@testable import III

/// One connection of a test's server. Confined to its loop.
final class TLSCarrier {
  private let stream: TCPStream
  private let secured: TLSStream
  private let session: TLSSession
  private let behaviour: TLSTestServer.Behaviour
  private let ended: (TransportEnd) -> Void
  private var backend: TCPStream?
  private var attempt: ConnectAttempt?
  /// Bytes that arrived before the connection to the plain server was open.
  private var early: [UInt8] = []

  init(
    _ stream: TCPStream, _ context: TLSContext, _ behaviour: TLSTestServer.Behaviour,
    _ ended: @escaping (TransportEnd) -> Void
  ) throws(TLSFailure) {
    self.stream = stream
    self.behaviour = behaviour
    self.ended = ended
    session = try TLSSession(server: context)
    secured = TLSStream(stream, session)
  }

  func start() {
    switch behaviour {
    case .silence: break
    case .bytes(let text):
      stream.onRead = { [unowned self] _ in
        Array(text.utf8).withUnsafeBytes { stream.write($0) }
        stream.closeAfterFlush()
      }
      stream.startReading()
    case .end:
      stream.onRead = { [unowned self] _ in stream.close() }
      stream.startReading()
    case .echo:
      secured.onRead = { [unowned self] in secured.write(Array($0)) }
      secured.onBacklog = { [unowned self] in if $0 > 1 << 20 { secured.stopReading() } }
      secured.onDrain = { [unowned self] in secured.startReading() }
      secured.onEnd = { [ended] in ended($0) }
      secured.start()
    case .deaf:
      secured.onOpen = { [unowned self] in secured.stopReading() }
      secured.start()
    case .cut(let bytes):
      secured.onOpen = { [unowned self] in cut(after: bytes) }
      secured.start()
    case .relay(let port): relay(to: port)
    }
  }

  /// Sends two records, the second without its last byte, and ends.
  private func cut(after bytes: [UInt8]) {
    for part in [bytes, bytes] { _ = part.withUnsafeBytes { session.write($0) } }
    var ciphertext = [UInt8](repeating: 0, count: session.ciphertextCount)
    ciphertext.withUnsafeMutableBytes { session.takeCiphertext(into: $0) }
    ciphertext.removeLast()
    ciphertext.withUnsafeBytes { stream.write($0) }
    stream.closeAfterFlush()
  }

  // MARK: Relaying

  private func relay(to port: UInt16) {
    secured.onRead = { [unowned self] bytes in
      guard let backend else {
        early += bytes
        return
      }
      backend.write(UnsafeRawBufferPointer(bytes))
    }
    secured.onBacklog = { [unowned self] in if $0 > 1 << 20 { backend?.stopReading() } }
    secured.onDrain = { [unowned self] in backend?.startReading() }
    secured.onEnd = { [unowned self, ended] in
      backend?.closeAfterFlush()
      ended($0)
    }
    secured.start()
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: port) else { return }
    attempt = TCPStream.connect(on: stream.loop, to: address) { [unowned self] result in
      attempt = nil
      switch result {
      case .failure: secured.close()
      case .success(let stream): pass(stream)
      }
    }
  }

  private func pass(_ backend: TCPStream) {
    self.backend = backend
    backend.onRead = { [unowned self] in secured.write(Array($0)) }
    backend.onEnd = { [unowned self] _ in secured.closeAfterFlush() }
    backend.onBacklog = { [unowned self] in if $0 > 1 << 20 { secured.stopReading() } }
    backend.onDrain = { [unowned self] in secured.startReading() }
    backend.startReading()
    early.withUnsafeBytes { backend.write($0) }
    early = []
  }

  // MARK: Commands of a test

  func send(_ bytes: [UInt8]) { secured.write(bytes) }
  func finish() { secured.closeAfterFlush() }
  func cutOff() { stream.closeAfterFlush() }

  func close() {
    attempt?.cancel()
    backend?.close()
    secured.close()
    stream.close()
  }
}

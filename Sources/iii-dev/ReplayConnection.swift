internal import III
internal import Transcripts
internal import UV

/// A worker's connection to a replay: takes its upgrade and its messages, answers its pings. Confined to its loop.
final class ReplayConnection {
  enum Event {
    /// It asks for an upgrade; `accept` or `refuse` answers.
    case opened(path: String, query: String?)
    case message(RecordedConversation.Message)
    /// It is closed, by a Close or without one. Nothing follows.
    case ended
  }

  private let stream: TCPStream
  private var happened: ((Event) -> Void)?
  private var request: HTTPRequestHead?
  private var parser = HTTPHeadParser()
  private var reader = FrameReader(role: .server)
  /// What came before the upgrade was answered.
  private var early: [UInt8] = []
  private var isOpen = false

  init(_ stream: TCPStream, _ happened: @escaping (Event) -> Void) {
    self.stream = stream
    self.happened = happened
  }

  func start() {
    stream.onRead = { [self] in read($0) }
    stream.onEnd = { [self] _ in end() }
    stream.startReading()
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer) {
    if isOpen { return readFrames(bytes) }
    guard request == nil else {
      early += bytes
      return
    }
    switch parser.request(ByteView(UnsafeRawBufferPointer(bytes))) {
    case .needMore: break
    case .malformed:
      write(HTTPResponse(status: 400))
      stream.closeAfterFlush()
    case .complete(let head, let consumed):
      request = head
      early = Array(bytes[consumed...])
      guard case .accepted = Upgrade.check(head, isKnownPath: true) else {
        write(Upgrade.refusal(404, "iii-dev replay answers upgrades only"))
        return stream.closeAfterFlush()
      }
      happened?(.opened(path: head.path, query: head.query))
    }
  }

  func accept() {
    guard let request, !isOpen else { return }
    write(Upgrade.check(request, isKnownPath: true).response)
    isOpen = true
    guard !early.isEmpty else { return }
    // Not now: the caller is about to send what comes first.
    let connection = LoopBound(self, on: stream.loop)
    stream.loop.post {
      var early = connection.value.early
      connection.value.early = []
      early.withUnsafeMutableBytes { connection.value.readFrames($0) }
    }
  }

  func refuse(_ status: Int, _ body: String) {
    write(HTTPResponse(status: status, body: body))
    happened = nil
    stream.closeAfterFlush()
  }

  func send(_ message: JSON) {
    if case .object(let members) = message, members.count == 1, let only = members.first {
      switch (only.key, only.value) {
      case ("text", .string(let text)): return send(.text, Array(text.utf8))
      case ("base64", .string(let text)): return send(.binary, (try? Base64.decode(text)) ?? [])
      case ("bytes", .number(let count)):
        return send(.binary, [UInt8](repeating: 0, count: min(max(Int(count) ?? 0, 0), 64 << 20)))
      default: break
      }
    }
    send(.text, Array(message.text.utf8))
  }

  /// Ends the connection with a Close, or without one.
  func close(_ code: UInt16?, _ reason: String) {
    happened = nil
    if let code {
      write(FrameEncoder.close(code, reason: reason, maskKey: nil))
      stream.closeAfterFlush()
    } else {
      stream.flush()
      stream.closeAfterFlush()
    }
  }

  private func readFrames(_ bytes: UnsafeMutableRawBufferPointer) {
    guard !stream.isClosed else { return }
    reader.append(bytes)
    while let event = reader.next() {
      switch event {
      case .text(let text): happened?(.message(.text(text.string)))
      case .binary(let bytes): happened?(.message(.binary(bytes.array)))
      case .ping(let payload): write(FrameEncoder.frame(.pong, payload, maskKey: nil))
      case .pong, .skipped: break
      case .close(let reason):
        write(FrameEncoder.close(reason.code, maskKey: nil))
        finish()
      case .violation(let violation):
        write(FrameEncoder.close(violation.closeCode, reason: violation.closeReason, maskKey: nil))
        finish()
      }
    }
  }

  private func finish() {
    stream.closeAfterFlush()
    end()
  }

  private func end() {
    let happened = happened
    self.happened = nil
    happened?(.ended)
  }

  private func send(_ opcode: Opcode, _ payload: [UInt8]) {
    payload.withView { write(FrameEncoder.frame(opcode, $0, maskKey: nil)) }
  }

  private func write(_ response: HTTPResponse) { write(response.bytes(secondsSinceEpoch: 0)) }
  private func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { stream.write($0) } }
}

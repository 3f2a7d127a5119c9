import TestSupport
import UV

@testable import III

/// An engine that does only what a test tells it: it accepts workers, and sends nothing on its own.
actor ScriptedEngine {
  /// The answer to a connection's upgrade request.
  enum Answer {
    case accept
    case status(Int)
    /// These bytes instead of an answer.
    case bytes(String)
    case drop
    case silence
  }

  private let loop = TestLoop.shared
  private var listener: TCPListener?
  private var reservation: ReservedPort?
  private var answers: [Answer] = []
  private let accepted = Mailbox<ScriptedPeer>()
  private let dials = Mailbox<Int>(isKeepingItems: true)
  /// How many connections were opened.
  private(set) var dialled = 0
  private var open: [ScriptedPeer] = []
  private(set) var url = ""

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private init() {}

  /// Listens at a free port of loopback.
  static func start(answering answers: [Answer] = [], port: UInt16 = 0) async throws -> ScriptedEngine {
    let engine = ScriptedEngine()
    try await engine.listen(answers, port)
    return engine
  }

  private func listen(_ answers: [Answer], _ port: UInt16) throws {
    self.answers = answers
    // Reserved before, so that nobody is given the port while the engine does not listen.
    if port == 0 { reservation = ReservedPort() }
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: reservation?.port ?? port) else { return }
    let listener = try TCPListener.listen(on: loop, at: address) { [self] stream in
      dialled += 1
      dials.put(dialled)
      let answer = self.answers.isEmpty ? .accept : self.answers.removeFirst()
      let peer = ScriptedPeer(LoopBound(stream, on: loop), answer) { peer in
        self.assumeIsolated { $0.accepted.put(peer) }
      }
      open.append(peer)
    }
    self.listener = listener
    url = "ws://\(listener.address)"
  }

  /// The next worker that was accepted.
  func accept() async throws -> ScriptedPeer {
    try await withCheckedThrowingContinuation { accepted.wait(0, { _ in true }, $0) }
  }

  /// Waits for the connection attempt with that number, counted from 1.
  func dial(_ number: Int) async throws {
    _ = try await withCheckedThrowingContinuation { dials.wait(number, { $0 == number }, $0) }
  }

  /// Refuses new connections; existing ones stay, and another engine may use the port.
  func stopListening() {
    guard let listener else { return }
    listener.close()
    if reservation == nil { reservation = ReservedPort(listener.address.port) }
    self.listener = nil
  }
}

/// A worker's connection, on the engine's side.
actor ScriptedPeer {
  private let stream: TCPStream
  private let answer: ScriptedEngine.Answer
  private var parser = HTTPHeadParser()
  private var reader = FrameReader(
    role: .server, limits: FrameLimits(maxFrameBytes: 128 << 20, maxMessageBytes: 128 << 20))
  private let messages = Mailbox<String>()
  private let controls = Mailbox<String>()
  private let ends = Mailbox<Bool>(isKeepingItems: true)
  private let stops = Mailbox<Bool>(isKeepingItems: true)
  private var stopsAtNextRead = false
  private var answersClose = true
  private var hasEnded = false
  private var waits = 0
  /// The upgrade request.
  private(set) var request: HTTPRequestHead?
  /// The binary message that came last; `receive` returns its size.
  private(set) var lastBinary: [UInt8] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { TestLoop.shared.asUnownedSerialExecutor() }

  init(
    _ stream: LoopBound<TCPStream>, _ answer: ScriptedEngine.Answer,
    _ accepted: @escaping @Sendable (ScriptedPeer) -> Void
  ) {
    self.stream = stream.value
    self.answer = answer
    assumeIsolated { $0.listen(accepted) }
  }

  private func listen(_ accepted: @escaping @Sendable (ScriptedPeer) -> Void) {
    stream.onRead = { [self] in read($0, accepted) }
    stream.onEnd = { [self] _ in end() }
    stream.startReading()
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer, _ accepted: (ScriptedPeer) -> Void) {
    if request != nil {
      take(bytes)
      if stopsAtNextRead {
        stopsAtNextRead = false
        stream.stopReading()
        stops.put(true)
      }
      return
    }
    guard case .complete(let head, let consumed) = parser.request(ByteView(UnsafeRawBufferPointer(bytes))) else {
      return
    }
    request = head
    switch answer {
    case .accept:
      write(Upgrade.check(head, isKnownPath: true).response.bytes(secondsSinceEpoch: 0))
      accepted(self)
      take(UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...]))
    case .status(let status):
      write(HTTPResponse(status: status).bytes(secondsSinceEpoch: 0))
      stream.closeAfterFlush()
      end()
    case .bytes(let text): write(Array(text.utf8))
    case .drop:
      stream.close()
      end()
    case .silence: break
    }
  }

  private func take(_ bytes: UnsafeMutableRawBufferPointer) {
    reader.append(bytes)
    while let event = reader.next() {
      switch event {
      case .text(let text): messages.put(text.string)
      case .binary(let data):
        lastBinary = Array(data.string.utf8)
        messages.put("binary \(data.count)")
      case .ping(let payload): controls.put("ping \(payload.string)")
      case .pong(let payload): controls.put("pong \(payload.string)")
      case .skipped: break
      case .close(let reason):
        controls.put("close \(reason.code.map(String.init) ?? "-")")
        if answersClose { close(reason.code) }
      case .violation(let violation): controls.put("violation \(violation)")
      }
    }
  }

  private func end() {
    guard !hasEnded else { return }
    hasEnded = true
    ends.put(true)
    struct Ended: Error {}
    messages.fail { _ in Ended() }
    controls.fail { _ in Ended() }
  }

  // MARK: Commands of a test

  func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { stream.write($0) } }

  func send(_ message: String) {
    write(Array(message.utf8).withView { FrameEncoder.frame(.text, $0, maskKey: nil) })
  }

  func send(binary message: String) {
    write(Array(message.utf8).withView { FrameEncoder.frame(.binary, $0, maskKey: nil) })
  }

  func close(_ code: UInt16?) {
    write(FrameEncoder.close(code, maskKey: nil))
    stream.closeAfterFlush()
    end()
  }

  func drop() {
    stream.close()
    end()
  }

  func reset() {
    stream.reset()
    end()
  }

  /// Does not answer Close frames.
  func ignoreClose() { answersClose = false }

  /// Reads once more, and then stops reading.
  func stopAtNextRead() { stopsAtNextRead = true }

  func startReading() { stream.startReading() }

  /// Waits for that last read.
  func stopped() async throws {
    _ = try await withCheckedThrowingContinuation { stops.wait(0, { _ in true }, $0) }
  }

  /// The next message.
  func receive() async throws -> String {
    waits += 1
    return try await withCheckedThrowingContinuation { messages.wait(waits, { _ in true }, $0) }
  }

  /// The next message, parsed.
  func receiveJSON() async throws -> JSONValue { try JSONValue(parsing: try await receive()) }

  /// The next message, parsed; it must have that type.
  func receive(_ type: String) async throws -> JSONValue {
    while true {
      let message = try await receiveJSON()
      if message["type"] == .string(type) { return message }
    }
  }

  /// The next ping, pong or Close.
  func receiveControl() async throws -> String {
    waits += 1
    return try await withCheckedThrowingContinuation { controls.wait(waits, { _ in true }, $0) }
  }

  /// Answers a call.
  func answer(_ call: JSONValue, _ rest: String) {
    let id = call["invocation_id"]?.jsonString() ?? "null"
    send("{\"type\":\"invocationresult\",\"invocation_id\":\(id),\"function_id\":\"f\"\(rest)}")
  }

  /// Waits until the worker has handled everything that was sent before, and its answers have arrived.
  func fence() async throws {
    let mark = UUID128.random().description
    write(Array(mark.utf8).withView { FrameEncoder.frame(.ping, $0, maskKey: nil) })
    waits += 1
    _ = try await withCheckedThrowingContinuation { controls.wait(waits, { $0 == "pong \(mark)" }, $0) }
  }

  /// The messages that were not read.
  func takeUnread() -> [String] { messages.takeAll() }

  func ended() async throws {
    waits += 1
    _ = try await withCheckedThrowingContinuation { ends.wait(waits, { _ in true }, $0) }
  }
}

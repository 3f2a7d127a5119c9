internal import III
internal import Transcripts
internal import UV

/// A worker's connection that is passed on to an engine, byte for byte behind the request, while what both sides say is recorded.
/// Confined to its loop.
final class ProxiedConnection {
  /// What the connection has its owner do.
  struct Owner {
    /// Writes into the recording.
    let record: (_ change: (inout RecordedConversation) -> Void) -> Void
    /// A line for the user.
    let warn: (String) -> Void
    let ended: (ProxiedConnection) -> Void
  }

  private let upstream: WebSocketURL
  private let loop: Loop
  private let owner: Owner
  private let worker: TCPStream
  private var engine: TCPStream?
  private var addresses: ArraySlice<SocketAddress> = []
  private var attempt: ConnectAttempt?

  private var request: HTTPRequestHead?
  private var requestParser = HTTPHeadParser()
  private var responseParser = HTTPHeadParser()
  /// What came behind the worker's request before the engine has answered.
  private var early: [UInt8] = []
  /// The body of an answer other than 101.
  private var refusal: (status: Int, body: [UInt8])?

  private var fromWorker = FrameReader(role: .server, limits: ProxiedConnection.limits)
  private var fromEngine = FrameReader(role: .client, limits: ProxiedConnection.limits)
  /// The name in the recording; `nil` for a connection that is only passed on.
  private var peer: String?
  private var isClosing = false

  private static let limits = FrameLimits(maxFrameBytes: 1 << 30, maxMessageBytes: 64 << 20, skipsLargeMessages: true)
  /// Bytes that may wait for one side before the other is not read any more.
  private static let maxUnsent = 8 << 20

  init(_ worker: TCPStream, upstream: WebSocketURL, on loop: Loop, _ owner: Owner) {
    self.worker = worker
    self.upstream = upstream
    self.loop = loop
    self.owner = owner
  }

  func start() {
    worker.onRead = { [self] in readFromWorker($0) }
    worker.onEnd = { [self] in workerEnded($0) }
    worker.onBacklog = { [self] in if $0 > Self.maxUnsent { engine?.stopReading() } }
    worker.onDrain = { [self] in engine?.startReading() }
    worker.startReading()
  }

  // MARK: Opening

  private func readFromWorker(_ bytes: UnsafeMutableRawBufferPointer) {
    guard request == nil else {
      engine?.write(UnsafeRawBufferPointer(bytes))
      if peer != nil {
        listen(toWorker: bytes)
      } else if isRecorded && refusal == nil {
        early += bytes
      }
      return
    }
    switch requestParser.request(ByteView(UnsafeRawBufferPointer(bytes))) {
    case .needMore: break
    case .malformed(let error):
      owner.warn("a connection was dropped: its request is not HTTP: \(error)")
      drop()
    case .complete(let head, let consumed):
      request = head
      early = Array(bytes[consumed...])
      worker.stopReading()
      Resolver.resolve(upstream.host, port: upstream.port, on: loop) { [self] addresses, error in
        guard !worker.isClosed else { return }
        self.addresses = addresses[...]
        tryNext(error.map { "\($0)" } ?? "it has no address")
      }
    }
  }

  private func tryNext(_ problem: String) {
    guard let address = addresses.popFirst() else {
      owner.warn("the engine at \(upstream.origin) cannot be reached: \(problem)")
      return drop()
    }
    attempt = TCPStream.connect(on: loop, to: address) { [self] result in
      attempt = nil
      switch result {
      case .failure(let error): tryNext("\(address): \(error)")
      case .success(let stream): connected(stream)
      }
    }
  }

  private func connected(_ stream: TCPStream) {
    guard !worker.isClosed, let request else { return stream.close() }
    engine = stream
    stream.onRead = { [self] in readFromEngine($0) }
    stream.onEnd = { [self] in engineEnded($0) }
    stream.onBacklog = { [self] in if $0 > Self.maxUnsent { worker.stopReading() } }
    stream.onDrain = { [self] in worker.startReading() }
    var text = "\(request.method) \(request.target) HTTP/1.1\r\nHost: \(upstream.hostHeader)\r\n"
    // Without extensions, so that the frames can be read.
    for field in request.headers.fields
    where !["host", "sec-websocket-extensions"].contains(field.name.lowercased()) {
      text += "\(field.name): \(field.value)\r\n"
    }
    (Array((text + "\r\n").utf8) + early).withUnsafeBytes { stream.write($0) }
    stream.startReading()
    worker.startReading()
  }

  /// Connections that carry no messages of workers: plain requests, and telemetry, which differs in each run.
  private var isRecorded: Bool {
    guard let request, request.headers["upgrade"]?.lowercased() == "websocket" else { return false }
    return request.path != "/otel"
  }

  private func readFromEngine(_ bytes: UnsafeMutableRawBufferPointer) {
    worker.write(UnsafeRawBufferPointer(bytes))
    guard isRecorded else { return }
    if peer != nil { return listen(toEngine: bytes) }
    if refusal != nil {
      refusal?.body += bytes
      return
    }
    guard case .complete(let head, let consumed) = responseParser.response(ByteView(UnsafeRawBufferPointer(bytes)))
    else { return }
    guard head.status == 101 else {
      refusal = (head.status, Array(bytes[consumed...]))
      if let length = head.headers["content-length"].flatMap({ Int($0) }), length <= bytes.count - consumed {
        recordRefusal()
      }
      return
    }
    recordOpening(nil)
    let rest = UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...])
    var sent = early
    early = []
    sent.withUnsafeMutableBytes { listen(toWorker: $0) }
    listen(toEngine: rest)
  }

  private func recordRefusal() {
    guard let refusal, peer == nil else { return }
    recordOpening((refusal.status, String(decoding: refusal.body, as: UTF8.self)))
  }

  private func recordOpening(_ refused: (status: Int, body: String)?) {
    guard let request else { return }
    let headers = request.headers.fields.filter { field in
      let name = field.name.lowercased()
      return !name.hasPrefix("sec-websocket-")
        && !["host", "connection", "upgrade", "user-agent", "accept", "accept-encoding", "pragma", "cache-control"]
          .contains(name)
    }
    let path = request.path + (request.query.map { "?\($0)" } ?? "")
    owner.record {
      peer = $0.opened(path: path, headers: headers.map { (key: $0.name, value: $0.value) }, refused: refused)
    }
  }

  // MARK: Listening

  private func listen(toWorker bytes: UnsafeMutableRawBufferPointer) {
    fromWorker.append(bytes)
    while let event = fromWorker.next() { note(event, isWorkers: true) }
  }

  private func listen(toEngine bytes: UnsafeMutableRawBufferPointer) {
    fromEngine.append(bytes)
    while let event = fromEngine.next() { note(event, isWorkers: false) }
  }

  private func note(_ event: FrameEvent, isWorkers: Bool) {
    guard let peer else { return }
    let message: RecordedConversation.Message
    switch event {
    case .text(let text): message = .text(text.string)
    case .binary(let bytes): message = .binary(bytes.array)
    case .ping, .pong: return
    case .skipped(_, let isLast):
      if isLast { owner.warn("a message of \(peer) above 64 MiB was passed on and not recorded") }
      return
    case .violation(let violation):
      return owner.warn("what follows on the connection of \(peer) is not recorded: \(violation)")
    case .close(let reason):
      guard !isClosing else { return }
      isClosing = true
      owner.record {
        if isWorkers {
          $0.left(peer, code: reason.code, isAbort: false)
        } else {
          $0.closed(peer, code: reason.code ?? 1005, reason: reason.reason)
        }
      }
      return
    }
    owner.record { if isWorkers { $0.sent(message, by: peer) } else { $0.received(message, by: peer) } }
  }

  // MARK: Ending

  private func workerEnded(_ end: StreamEnd) {
    if let peer, !isClosing {
      isClosing = true
      owner.record { $0.left(peer, code: nil, isAbort: true) }
    }
    attempt?.cancel()
    finish(engine, end)
  }

  private func engineEnded(_ end: StreamEnd) {
    recordRefusal()
    if let peer, !isClosing, refusal == nil {
      isClosing = true
      owner.record { $0.closed(peer, code: 1006, reason: "") }
    }
    finish(worker, end)
  }

  /// Ends the other side as this one has ended.
  private func finish(_ other: TCPStream?, _ end: StreamEnd) {
    if case .failed = end { other?.reset() } else { other?.closeAfterFlush() }
    owner.ended(self)
  }

  private func drop() {
    worker.close()
    owner.ended(self)
  }
}

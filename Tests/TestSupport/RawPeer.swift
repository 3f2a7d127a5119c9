package import UV

/// A WebSocket peer that does only what a test tells it: it answers no ping, closes nothing by itself, and sends
/// broken bytes as readily as sound ones.
///
/// Nothing here sleeps or polls: `receive`, `fence` and `ended` wait until what they wait for has come, and throw when it
/// cannot come any more. Calls reach the wire in the order in which they are made.
package actor RawPeer {
  private enum Reading {
    case response, frames
  }

  private let loop: Loop
  private var stream: TCPStream?
  private var attempt: ConnectAttempt?
  private var reading = Reading.response
  private var head: [UInt8] = []
  private var frames = RawFrameReader()
  private let inbox = Mailbox<RawFrame>()
  private let responses = Mailbox<RawResponse>()
  private let endings = Mailbox<RawEnd>(isKeepingItems: true)
  private var end: RawEnd?
  private var lastClose: RawFrame?
  private var waits = 0
  private var fences: UInt64 = 0
  /// The answer to the upgrade.
  package private(set) var response: RawResponse?

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private init(on loop: Loop) { self.loop = loop }

  // MARK: Opening

  /// Connects to `url` (`ws://HOST:PORT`) and upgrades; `early` is sent in one piece with the request.
  ///
  /// Throws `RawError.refused` when the answer is not 101.
  package static func open(
    _ url: String, path: String = "/", headers: [(String, String)] = [], early: [RawFrame] = [],
    on loop: Loop = TestLoop.shared
  ) async throws -> RawPeer {
    let peer = try await connect(url, on: loop)
    var request = "GET \(path) HTTP/1.1\r\nHost: \(url.dropFirst("ws://".count))\r\n"
    request += "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    request += "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for (name, value) in headers { request += "\(name): \(value)\r\n" }
    request += "\r\n"
    await peer.send(bytes: Array(request.utf8) + early.flatMap { $0.encoded() })
    let response = try await peer.receiveResponse()
    guard response.status == 101 else {
      await peer.abort()
      throw RawError.refused(response)
    }
    return peer
  }

  /// Connects to `url` and sends nothing: for requests that a test writes itself (`send(bytes:)`).
  package static func connect(_ url: String, on loop: Loop = TestLoop.shared) async throws -> RawPeer {
    let address = try address(of: url)
    let peer = RawPeer(on: loop)
    try await peer.connect(to: address)
    return peer
  }

  package static func address(of url: String) throws -> SocketAddress {
    guard url.hasPrefix("ws://"), let colon = url.lastIndex(of: ":"), let port = UInt16(url[url.index(after: colon)...])
    else { throw RawError.badAddress(url) }
    let host = url[..<colon].dropFirst("ws://".count).drop { $0 == "[" }
    guard
      let address = SocketAddress(numericHost: host.last == "]" ? String(host.dropLast()) : String(host), port: port)
    else { throw RawError.badAddress(url) }
    return address
  }

  private func connect(to address: SocketAddress) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      attempt = TCPStream.connect(on: loop, to: address) { [self] result in
        attempt = nil
        switch result {
        case .success(let stream):
          self.stream = stream
          stream.onRead = { [self] in didRead($0) }
          stream.onEnd = { [self] in didEnd($0) }
          stream.startReading()
          continuation.resume()
        case .failure(let error): continuation.resume(throwing: RawError.connect(error))
        }
      }
    }
  }

  /// The next answer to an HTTP request; its body ends where `Content-Length` says, or with the connection.
  package func receiveResponse() async throws -> RawResponse {
    try await wait(responses) { _ in true }
  }

  // MARK: Sending

  package func send(_ text: String) { send(RawFrame.text(text)) }
  package func send(binary: [UInt8]) { send(RawFrame.binary(binary)) }
  package func send(_ frame: RawFrame) { send(bytes: frame.encoded()) }
  package func send(bytes: [UInt8]) { bytes.withUnsafeBytes { stream?.write($0) } }
  /// Hands to the kernel what was sent: it is on its way when this returns, as far as the kernel takes it.
  package func flush() { stream?.flush() }

  // MARK: Receiving

  /// The first unread frame that matches, when it is there; the others stay. Pongs of `fence` never show.
  package func receive(_ matches: @escaping @Sendable (RawFrame) -> Bool = { _ in true }) async throws -> RawFrame {
    try await wait(inbox, matches)
  }

  /// The text of the next frame.
  package func receiveText() async throws -> String { try await receive().text }

  /// The first unread frame that matches, now.
  package func unread(_ matches: @Sendable (RawFrame) -> Bool) -> RawFrame? { inbox.take(matches) }

  /// All unread frames, taken out.
  package func takeUnread() -> [RawFrame] { inbox.takeAll() }

  /// Sends a ping and waits for its pong: what this peer sent before has then been dealt with by the other side, and
  /// what the other side had sent has arrived here.
  package func fence() async throws {
    fences += 1
    let mark = Array("fence \(fences)".utf8)
    send(RawFrame.ping(mark))
    _ = try await receive { $0.isPong && $0.payload == mark }
  }

  package func stopReading() { stream?.stopReading() }
  package func startReading() { stream?.startReading() }

  // MARK: Ending

  /// Sends a close frame, waits until the other side ends the connection, and drops it.
  @discardableResult package func close(_ code: UInt16? = 1000, reason: String = "") async throws -> RawEnd {
    send(RawFrame.close(code, reason: reason))
    return try await ended()
  }

  /// Waits until the connection has ended.
  package func ended() async throws -> RawEnd {
    try await wait(endings) { _ in true }
  }

  /// How the connection ended, if it has.
  package var endedBy: RawEnd? { end }

  /// Drops the TCP connection without a close frame.
  package func abort() { finish(.byUs) { $0.close() } }

  /// Drops the TCP connection by a reset.
  package func reset() { finish(.byUs) { $0.reset() } }

  /// Ends the sending side only; what still comes is thrown away.
  package func halfClose() { finish(.byUs) { $0.closeAfterFlush() } }

  // MARK: What happens on the loop

  private func didRead(_ bytes: UnsafeMutableRawBufferPointer) {
    switch reading {
    case .frames: frames.append(bytes)
    case .response:
      head += bytes
      takeResponses()
    }
    while reading == .frames, let frame = frames.next() {
      if frame.isClose { lastClose = frame }
      inbox.put(frame)
    }
  }

  private func takeResponses() {
    do {
      while reading == .response, let (parsed, end) = try RawResponse.parse(head) {
        var response = parsed
        if response.status == 101 {
          frames.append(head[end...])
          head = []
          reading = .frames
          self.response = response
        } else {
          // Without a length the body ends with the connection: `finish` makes the answer.
          guard let length = response.header("content-length").flatMap({ Int($0) }), head.count >= end + length else {
            return
          }
          response.body = Array(head[end..<(end + length)])
          head.removeFirst(end + length)
        }
        responses.put(response)
      }
    } catch { finish(.failed("\(error)")) { $0.close() } }
  }

  private func didEnd(_ reason: StreamEnd) {
    switch reason {
    case .eof: finish(.byPeer(close: lastClose)) { _ in }
    case .failed(let error): finish(.failed(error.name)) { _ in }
    }
  }

  private func finish(_ end: RawEnd, _ drop: (TCPStream) -> Void) {
    guard self.end == nil else { return }
    self.end = end
    if reading == .response, let (parsed, start) = try? RawResponse.parse(head) {
      var response = parsed
      response.body = Array(head[start...])
      responses.put(response)
    }
    if let stream { drop(stream) }
    stream = nil
    inbox.fail { RawError.ended(end, unread: $0) }
    responses.fail { _ in RawError.ended(end, unread: []) }
    endings.put(end)
  }

  /// Waits for an item of a mailbox; a cancelled test does not wait on.
  private func wait<Item>(
    _ mailbox: Mailbox<Item>, _ matches: @escaping @Sendable (Item) -> Bool
  ) async throws -> Item {
    waits += 1
    let id = waits
    return try await withTaskCancellationHandler {
      try await self.register(id, mailbox, matches)
    } onCancel: {
      Task { await self.cancelWait(id) }
    }
  }

  /// A method of the actor, so that the mailbox is looked into on its loop: a closure that does not name the actor may
  /// run elsewhere.
  private func register<Item>(
    _ id: Int, _ mailbox: Mailbox<Item>, _ matches: @escaping @Sendable (Item) -> Bool
  ) async throws -> Item {
    try await withCheckedThrowingContinuation { continuation in
      self.preconditionIsolated()
      mailbox.wait(id, matches, continuation)
    }
  }

  private func cancelWait(_ id: Int) {
    inbox.cancel(id)
    responses.cancel(id)
    endings.cancel(id)
  }
}

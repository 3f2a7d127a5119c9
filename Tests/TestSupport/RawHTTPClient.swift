package import UV

/// An HTTP client that sends exactly what a test writes, and reads answers one after the other. For one task at a time.
package actor RawHTTPClient {
  private let loop: Loop
  private var stream: TCPStream?
  private var attempt: ConnectAttempt?
  private let chunks: AsyncStream<[UInt8]>
  private let note: AsyncStream<[UInt8]>.Continuation
  private var iterator: AsyncStream<[UInt8]>.Iterator
  private var buffer: [UInt8] = []

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private init(on loop: Loop) {
    self.loop = loop
    (chunks, note) = AsyncStream.makeStream()
    iterator = chunks.makeAsyncIterator()
  }

  /// Connects to `http://HOST:PORT`.
  package static func connect(_ url: String, on loop: Loop = TestLoop.shared) async throws -> RawHTTPClient {
    let client = RawHTTPClient(on: loop)
    try await client.connect(try RawPeer.address(of: "ws" + url.dropFirst("http".count)))
    return client
  }

  private func connect(_ address: SocketAddress) async throws {
    let bound = LoopBound(self, on: loop)
    let opened: Result<LoopBound<TCPStream>, UVError> = await withCheckedContinuation { continuation in
      attempt = TCPStream.connect(on: loop, to: address) { result in
        continuation.resume(returning: result.map { LoopBound($0, on: bound.value.loop) })
      }
    }
    attempt = nil
    let stream = try opened.get().value
    self.stream = stream
    let note = note
    stream.onRead = { note.yield(Array($0)) }
    stream.onEnd = { _ in note.finish() }
    stream.startReading()
  }

  package func send(_ text: String) { send(bytes: Array(text.utf8)) }
  package func send(bytes: [UInt8]) { bytes.withUnsafeBytes { stream?.write($0) } }

  /// Sends bytes, and returns when the system has taken most of what was sent.
  package func sendWhenTaken(bytes: [UInt8]) async {
    send(bytes: bytes)
    guard let stream, stream.unsentBytes > 4 << 20 else { return }
    await withCheckedContinuation { taken in
      stream.onDrain = { [weak stream] in
        stream?.onDrain = nil
        taken.resume()
      }
    }
  }

  /// Reads nothing more of what comes.
  package func stopReading() { stream?.stopReading() }

  /// A request with its body; `Host` and the length are added.
  package func request(_ method: String, _ path: String, _ headers: [String: String] = [:], _ body: String = "") {
    var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
    if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
    send(text + "\r\n" + body)
  }

  /// The next answer with its body; a chunked one is joined.
  package func response(toHEAD isHEAD: Bool = false) async throws -> RawResponse {
    var (response, end) = try await head()
    buffer.removeFirst(end)
    if isHEAD || response.status == 204 || response.status == 304 || response.status < 200 { return response }
    if response.header("transfer-encoding") == "chunked" {
      while case let chunk = try await self.chunk(), !chunk.isEmpty { response.body += chunk }
    } else if let length = response.header("content-length").flatMap({ Int($0) }) {
      response.body = try await take(length)
    } else {
      while await more() {}
      response.body = buffer
      buffer = []
    }
    return response
  }

  /// The head of the next answer alone.
  package func responseHead() async throws -> RawResponse {
    let (response, end) = try await head()
    buffer.removeFirst(end)
    return response
  }

  /// The next chunk of a chunked answer; empty at its end.
  package func chunk() async throws -> [UInt8] {
    while true {
      if let line = buffer.firstIndex(of: 10) {
        guard let size = Int(String(decoding: buffer[..<line].dropLast(), as: UTF8.self), radix: 16) else {
          throw RawError.notHTTP("a chunk's size")
        }
        buffer.removeFirst(line + 1)
        return Array(try await take(size + 2).dropLast(2))
      }
      guard await more() else { throw RawError.notHTTP("the end within a chunk") }
    }
  }

  /// Whether the server has ended the connection, without more bytes.
  package func isEnded() async -> Bool {
    while await more() {}
    return buffer.isEmpty
  }

  package func close() {
    stream?.close()
    stream = nil
    note.finish()
  }

  private func head() async throws -> (RawResponse, Int) {
    while true {
      if let found = try RawResponse.parse(buffer) { return found }
      guard await more() else {
        throw RawError.notHTTP("the end within a head: \(String(decoding: buffer, as: UTF8.self))")
      }
    }
  }

  private func take(_ count: Int) async throws -> [UInt8] {
    while buffer.count < count {
      guard await more() else {
        throw RawError.notHTTP("the end within a body of \(count) bytes, after \(buffer.count)")
      }
    }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  private func more() async -> Bool {
    var iterator = iterator
    let chunk = await iterator.next(isolation: self)
    self.iterator = iterator
    buffer += chunk ?? []
    return chunk != nil
  }
}

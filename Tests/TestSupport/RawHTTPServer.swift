package import UV

/// A server of HTTP that answers what a test tells it, byte for byte.
package actor RawHTTPServer {
  /// A request as it was sent.
  package struct Request: Sendable {
    package let line: String
    /// In the order of the request, names in lower case.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    /// The first header of that name, given in lower case.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    package var text: String { String(decoding: body, as: UTF8.self) }
  }

  /// What the server does with a request.
  package enum Answer: Sendable {
    /// A whole answer; its length is added.
    case response(status: Int, headers: String = "", body: String = "")
    /// These bytes; the connection stays open.
    case bytes([UInt8])
    /// These bytes, then the connection's end.
    case last(String)
    /// Nothing.
    case silence
  }

  private final class Connection {
    let stream: TCPStream
    var bytes: [UInt8] = []

    init(_ stream: TCPStream) { self.stream = stream }
  }

  private let loop: Loop
  private let answer: @Sendable (Request) -> Answer
  private var listener: TCPListener?
  private var connections: [ObjectIdentifier: Connection] = [:]
  /// The requests, in the order in which they came.
  package nonisolated let requests: AsyncStream<Request>
  private let note: AsyncStream<Request>.Continuation
  /// An element for each connection that its client has ended.
  package nonisolated let endings: AsyncStream<Void>
  private let noteEnd: AsyncStream<Void>.Continuation

  package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private init(on loop: Loop, _ answer: @escaping @Sendable (Request) -> Answer) {
    self.loop = loop
    self.answer = answer
    (requests, note) = AsyncStream.makeStream()
    (endings, noteEnd) = AsyncStream.makeStream()
  }

  /// Listens at a port of loopback: by default any free one.
  package static func start(
    on loop: Loop = TestLoop.shared, port: UInt16 = 0, _ answer: @escaping @Sendable (Request) -> Answer
  ) async throws -> RawHTTPServer {
    let server = RawHTTPServer(on: loop, answer)
    try await server.listen(port)
    return server
  }

  private func listen(_ port: UInt16) throws {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: port) else { return }
    listener = try TCPListener.listen(on: loop, at: address) { [self] stream in accepted(stream) }
  }

  /// The port.
  package var port: UInt16 { listener?.address.port ?? 0 }
  /// The URL, as `http://127.0.0.1:5000`.
  package var url: String { "http://127.0.0.1:\(port)" }
  /// How many connections are open.
  package var connectionCount: Int { connections.count }

  package func stop() {
    listener?.close()
    listener = nil
    for connection in connections.values { connection.stream.close() }
    connections = [:]
    note.finish()
    noteEnd.finish()
  }

  private func accepted(_ stream: TCPStream) {
    let connection = Connection(stream)
    connections[ObjectIdentifier(stream)] = connection
    stream.onRead = { [self, unowned connection] bytes in
      connection.bytes += bytes
      read(connection)
    }
    stream.onEnd = { [self, unowned stream] _ in ended(stream) }
    stream.startReading()
  }

  private func ended(_ stream: TCPStream) {
    stream.close()
    connections[ObjectIdentifier(stream)] = nil
    noteEnd.yield()
  }

  private func read(_ connection: Connection) {
    while let (request, end) = RawHTTPServer.parse(connection.bytes) {
      connection.bytes.removeFirst(end)
      note.yield(request)
      let stream = connection.stream
      switch answer(request) {
      case .response(let status, let headers, let body):
        write("HTTP/1.1 \(status) Status\r\n\(headers)content-length: \(body.utf8.count)\r\n\r\n\(body)", to: stream)
      case .bytes(let bytes): bytes.withUnsafeBytes { stream.write($0) }
      case .last(let text):
        write(text, to: stream)
        stream.closeAfterFlush()
        connections[ObjectIdentifier(stream)] = nil
      case .silence: break
      }
    }
  }

  private func write(_ text: String, to stream: TCPStream) { Array(text.utf8).withUnsafeBytes { stream.write($0) } }

  private static func parse(_ bytes: [UInt8]) -> (Request, Int)? {
    let mark: [UInt8] = [13, 10, 13, 10]
    guard bytes.count >= 4, let end = (0...(bytes.count - 4)).first(where: { Array(bytes[$0..<($0 + 4)]) == mark })
    else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n").map(String.init)
    let headers = lines.dropFirst().map { line -> (name: String, value: String) in
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
    }
    let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
    guard bytes.count >= end + 4 + length else { return nil }
    let body = Array(bytes[(end + 4)..<(end + 4 + length)])
    return (Request(line: lines.first ?? "", headers: headers, body: body), end + 4 + length)
  }
}

internal import III
internal import UV

/// A client's connection at the HTTP port: reads requests one after the other, and writes their answers in order.
/// Confined to the engine's loop.
final class HTTPConnection: ConnectionRole, HTTPRequester {
  let name = "an HTTP connection"

  /// What is done with the body of the request that is being answered.
  private enum Body {
    /// Nothing yet: the socket is not read.
    case held
    case collected([UInt8])
    case passedOn, discarded
  }

  private let worker: HTTPWorker
  /// `nil` once the connection has ended, or is about to.
  private var peer: Peer?
  private var parser = HTTPHeadParser()
  /// Bytes that were read and not handled, from `start` on.
  private var unread: [UInt8] = []
  private var start = 0
  /// Finds the body's end; `nil` when it has been read.
  private var framing: HTTPBodyReader?
  /// How long the body is, if its head says so.
  private var bodyLength: UInt64?
  private var body = Body.discarded
  private var mustWait = false
  private var request: HTTPRequest?
  /// What the headers of the last request said: those of the next one are probably the same.
  private var fields: HTTPRequestFields?
  private var call: HTTPCall?
  private var isHandling = false
  /// How the pieces of an answer are sent; `nil` if it has none.
  private var stream: Stream?

  private enum Stream {
    case chunked
    /// So many bytes are missing to the length that the handler has set.
    case counted(UInt64)
    /// Until the connection ends.
    case open
    /// An answer without a body.
    case none
  }

  /// Above this much unsent output the response channel is not read.
  private static let window = 256 << 10
  /// Above this many bytes of later requests the socket is not read.
  private static let maxUnread = 64 << 10

  init(of worker: HTTPWorker, on peer: Peer) {
    self.worker = worker
    self.peer = peer
  }

  // MARK: Reading

  func received(_ bytes: UnsafeMutableRawBufferPointer, on connection: Peer) {
    unread.append(contentsOf: bytes)
    handle()
  }

  /// Handles what was read, as far as it can be handled now. While that is being done, it goes on anyway.
  private func handle() {
    guard !isHandling, peer != nil else { return }
    isHandling = true
    while step() {}
    isHandling = false
    if start == unread.count {
      unread.removeAll(keepingCapacity: unread.count <= HTTPConnection.maxUnread)
      start = 0
    } else if start > HTTPConnection.maxUnread {
      unread.removeFirst(start)
      start = 0
    }
    let waits =
      framing != nil && (mustWait || isHeld) || framing == nil && call != nil && unreadCount > HTTPConnection.maxUnread
    if waits { peer?.pause(.role) } else { peer?.resume(.role) }
  }

  private var unreadCount: Int { unread.count - start }
  private var isHeld: Bool { if case .held = body { true } else { false } }

  /// Handles a piece of a body, or a head; returns whether there may be more.
  private func step() -> Bool {
    guard peer != nil else { return false }
    if framing != nil { return readBody() }
    guard request == nil, unreadCount > 0 else { return false }
    let progress = unread.withView { parser.request($0.dropFirst(start)) }
    switch progress {
    case .needMore:
      start = unread.count
      return false
    case .malformed(let error):
      start = unread.count
      refuse(error)
      return false
    case .complete(let request, let consumed):
      start += consumed
      begin(request)
      return true
    }
  }

  private func readBody() -> Bool {
    guard !mustWait, !isHeld else { return false }
    var ended = false
    var isTooLarge = false
    let problem: String? = unread.withView { all in
      var view = all.dropFirst(start)
      defer { start = all.count - view.count }
      while let event = framing?.next(&view) {
        switch event {
        case .data(let piece):
          switch body {
          case .collected(let whole) where whole.count + piece.count > HTTPAnswer.maxJSONBody:
            isTooLarge = true
            return nil
          case .collected(var whole):
            body = .discarded  // the bytes have one owner, and are changed in place
            whole.append(contentsOf: piece.unsafeBytes)
            body = .collected(whole)
          case .passedOn: call?.write(piece: piece)
          case .discarded, .held: break
          }
          if mustWait { return nil }
        case .end:
          ended = true
          return nil
        case .needMore: return nil
        case .malformed(let problem): return problem
        }
      }
      return nil
    }
    if let problem {
      refuse(.syntax(problem))
      return false
    }
    if isTooLarge {
      refuseBody()
      return false
    }
    guard ended else { return false }
    framing = nil
    let finished = body
    body = .discarded
    switch finished {
    case .collected(let bytes): call?.bodyRead(bytes)
    case .passedOn: call?.bodyEnded()
    case .discarded, .held: break
    }
    nextRequest()
    return true
  }

  private func begin(_ head: HTTPRequestHead) {
    do throws(HTTPHeadError) {
      let kind = try HTTPBodyReader.framing(of: head)
      framing = HTTPBodyReader(kind)
      bodyLength = if case .length(let count) = kind { count } else { nil }
    } catch {
      return refuse(error)
    }
    body = .held
    let fields = self.fields.flatMap { $0.isEqual(to: head) ? $0 : nil } ?? HTTPRequestFields(head)
    self.fields = fields
    let request = HTTPRequest(head, fields)
    self.request = request
    if let refusal = peer?.refusal(of: worker.withoutAllowedOrigin(head)) {
      send(HTTPAnswer(status: refusal.status, headers: refusal.headers, body: refusal.body, hasCORS: false))
    } else {
      worker.handle(request, for: self)
    }
  }

  /// Answers bytes that are no request, and ends the connection.
  private func refuse(_ error: HTTPHeadError) {
    call?.abandon()
    call = nil
    if stream == nil, let response = Upgrade.refusal(of: error) { peer?.send(response) }
    end(because: "\(error)")
  }

  /// Answers a request whose body is too large to be collected, and ends the connection: the rest is not read.
  private func refuseBody() {
    let refused = call
    call = nil
    var answer = HTTPAnswer.bodyTooLarge
    answer.headers.append("connection", "close")
    send(head(answer.status, answer.headers, length: answer.body.count, hasCORS: answer.hasCORS), answer.body)
    end(because: "its body was too large")
    refused?.abandon()
  }

  // MARK: For the call

  func begin(_ call: HTTPCall) { self.call = call }

  func readBody(isWhole: Bool) {
    if isWhole, let bodyLength, bodyLength > HTTPAnswer.maxJSONBody { return refuseBody() }
    body = isWhole ? .collected([]) : .passedOn
    if request?.fields.expectsContinue == true, framing != nil {
      peer?.send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
    }
    handle()
  }

  func bodyMustWait() { mustWait = true }

  func bodyMayGoOn() {
    mustWait = false
    handle()
  }

  // MARK: Answers

  private var keepsAlive: Bool { request?.fields.keepsAlive ?? false }

  func send(_ answer: HTTPAnswer) {
    let isBodyless = answer.status == 204 || answer.status == 304 || request?.method == "HEAD"
    let length = answer.status == 204 ? nil : answer.body.count
    send(head(answer.status, answer.headers, length: length, hasCORS: answer.hasCORS), isBodyless ? [] : answer.body)
    endAnswer()
  }

  func beginStream(_ status: Int, _ headers: HTTPHeaders) {
    var headers = headers
    if status == 204 || status == 304 || request?.method == "HEAD" {
      stream = Stream.none
    } else if let length = headers["content-length"].flatMap({ UInt64($0) }) {
      stream = .counted(length)
    } else if request?.version == .http10 {
      stream = .open
    } else {
      stream = .chunked
      headers.set("transfer-encoding", "chunked")
    }
    send(head(status, headers, length: nil, hasCORS: true), [])
  }

  private func head(_ status: Int, _ headers: HTTPHeaders, length: Int?, hasCORS: Bool) -> HTTPAnswerHead {
    HTTPAnswerHead(
      status: status, headers: headers, length: length,
      cors: hasCORS ? worker.cors(origin: request?.fields.origin) : [],
      closes: !keepsAlive && headers["connection"] == nil, date: worker.dateLine)
  }

  private func send(_ head: HTTPAnswerHead, _ body: [UInt8]) {
    guard let stream = peer?.stream else { return }
    stream.withWriteSpace(head.byteCount + body.count) { memory in
      ByteWriter.fill(memory) { writer in
        head.compose(into: &writer)
        writer.append(body)
      }
    }
  }

  func sendPiece(_ bytes: [UInt8]) {
    guard !bytes.isEmpty else { return }
    switch stream {
    case .chunked: peer?.send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [13, 10])
    case .counted(let left):
      let sent = bytes.prefix(Int(clamping: left))
      peer?.send(Array(sent))
      stream = .counted(left - UInt64(sent.count))
    case .open: peer?.send(bytes)
    case Stream.none?, nil: break
    }
  }

  func endStream() {
    switch stream {
    case .chunked: peer?.send(Array("0\r\n\r\n".utf8))
    case .counted(1...):
      // Less came than the handler has promised: only the end of the connection tells the client.
      call = nil
      return end(because: "an answer ended before its length")
    case .open:
      call = nil
      return end(because: "the answer has ended")
    case .counted, Stream.none?, nil: break
    }
    stream = nil
    endAnswer()
  }

  /// Whether the client has taken most of what was sent.
  var takesMore: Bool {
    guard let stream = peer?.stream, stream.unsentBytes >= HTTPConnection.window else { return true }
    // At once: if the kernel takes all of it, no drain is reported.
    stream.flush()
    return stream.unsentBytes < HTTPConnection.window
  }

  /// The answer is complete: the rest of the body is read and thrown away, then comes the next request.
  private func endAnswer() {
    call = nil
    mustWait = false
    guard keepsAlive else {
      return end(because: "the client asked for the connection's end")
    }
    body = .discarded
    isAnswered = true
    nextRequest()
    handle()
  }

  private var isAnswered = false

  private func nextRequest() {
    guard isAnswered, framing == nil else { return }
    isAnswered = false
    request = nil
  }

  // MARK: The connection

  func drained(_ connection: Peer) { call?.resumeAnswer() }

  /// Ends the connection when everything has been sent.
  private func end(because reason: String) {
    let peer = peer
    self.peer = nil
    peer?.end(with: [], because: reason)
  }

  func ended(_ connection: Peer) {
    peer = nil
    let call = call
    self.call = nil
    call?.abandon()
  }
}

internal import III

/// A request of this process, without a socket. It goes the way of a request from outside: routes, middleware, conditions,
/// channels, time-outs, CORS. Confined to the engine's loop.
final class HTTPDirectRequest: HTTPRequester {
  private let head: HTTPRequestHead
  private let body: [UInt8]
  private let worker: HTTPWorker
  private let done: (Result<MockEngine.HTTPControls.Response, any Error>) -> Void
  private var call: HTTPCall?
  /// Its place among the direct requests of its worker.
  var number: UInt64 = 0
  /// The bytes of the body that were passed on.
  private var position = 0
  private var passesOn = false
  private var mustWait = false
  private var response: MockEngine.HTTPControls.Response?
  private var hasEnded = false

  /// The largest piece of a body that is passed on at once.
  private static let pieceSize = 64 << 10

  init(
    _ head: HTTPRequestHead, _ body: [UInt8], of worker: HTTPWorker,
    then done: @escaping (Result<MockEngine.HTTPControls.Response, any Error>) -> Void
  ) {
    self.head = head
    self.body = body
    self.worker = worker
    self.done = done
  }

  func start() {
    if let refusal = worker.host?.refusal(of: worker.withoutAllowedOrigin(head)) {
      send(HTTPAnswer(status: refusal.status, headers: refusal.headers, body: refusal.body, hasCORS: false))
    } else {
      worker.handle(HTTPRequest(head, HTTPRequestFields(head)), for: self)
    }
  }

  /// Ends the request without an answer.
  func fail(_ error: any Error) {
    let call = call
    end(.failure(error))
    call?.abandon()
  }

  private func end(_ result: Result<MockEngine.HTTPControls.Response, any Error>) {
    guard !hasEnded else { return }
    hasEnded = true
    call = nil
    worker.ended(self)
    done(result)
  }

  // MARK: The body

  func begin(_ call: HTTPCall) { self.call = call }

  func readBody(isWhole: Bool) {
    if isWhole, body.count > HTTPAnswer.maxJSONBody {
      let refused = call
      send(.bodyTooLarge)
      refused?.abandon()
    } else if isWhole {
      call?.bodyRead(body)
    } else {
      passesOn = true
      passOn()
    }
  }

  func bodyMustWait() { mustWait = true }

  func bodyMayGoOn() {
    mustWait = false
    passOn()
  }

  private func passOn() {
    guard passesOn else { return }
    while !mustWait, position < body.count {
      let end = min(position + HTTPDirectRequest.pieceSize, body.count)
      let piece = position..<end
      position = end
      body.withView { call?.write(piece: $0.dropFirst(piece.lowerBound).prefix(piece.count)) }
    }
    guard !mustWait else { return }
    passesOn = false
    call?.bodyEnded()
  }

  // MARK: The answer

  func send(_ answer: HTTPAnswer) {
    var headers = answer.headers
    if answer.status != 204 { headers.append("content-length", "\(answer.body.count)") }
    beginStream(answer.status, headers, hasCORS: answer.hasCORS)
    sendPiece(answer.body)
    endStream()
  }

  func beginStream(_ status: Int, _ headers: HTTPHeaders) { beginStream(status, headers, hasCORS: true) }

  private func beginStream(_ status: Int, _ headers: HTTPHeaders, hasCORS: Bool) {
    var headers = headers
    if hasCORS {
      for (name, value) in worker.settings.cors.headers(origin: head.headers["origin"]) { headers.append(name, value) }
    }
    response = .init(status: status, headers: headers.fields.map { (name: $0.name, value: $0.value) }, body: [])
  }

  func sendPiece(_ bytes: [UInt8]) {
    guard let status = response?.status, status != 204, status != 304, head.method != "HEAD" else { return }
    response?.body += bytes
  }

  func endStream() { if let response { end(.success(response)) } }

  var takesMore: Bool { true }
}

/// `mock::http::request`: the same for tests in other languages. A strict engine does not have it.
enum HTTPControl {
  static let request = BuiltInFunction(
    "mock::http::request",
    "Make a request to the routes of iii-http without a socket; a body that is no string is sent as JSON",
    input: "HttpRequestInput",
    fields: [
      .init("path", .string, isRequired: true), .init("method", .string), .init("headers", .object),
      .init("body", .any),
    ], isMockOnly: true)

  static func request(of input: BuiltInInput) throws(MockEngineError) -> (HTTPRequestHead, [UInt8]) {
    var headers: [(name: String, value: String)] = []
    for (name, value) in input.member("headers")?.objectValue ?? [:] {
      guard let text = value.stringValue else {
        throw .invalidRequest("the header '\(name)' is no string")
      }
      headers.append((name, text))
    }
    let method = input.member("method")?.stringValue ?? "GET"
    let path = input.member("path")?.stringValue ?? ""
    switch input.member("body") {
    case nil: return (try head(method, path, headers, length: nil), [])
    case .string(let text)?:
      let body = Array(text.utf8)
      return (try head(method, path, headers, length: body.count), body)
    case let value?:
      let body = value.jsonBytes
      return (try head(method, path, headers, length: body.count, type: "application/json"), body)
    }
  }

  /// The head of a request, with the headers that every client sends.
  ///
  /// - Parameter type: The body's content type, unless a header says it.
  static func head(
    _ method: String, _ path: String, _ headers: [(name: String, value: String)], length: Int?, type: String? = nil
  ) throws(MockEngineError) -> HTTPRequestHead {
    guard path.hasPrefix("/"), path.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw .invalidRequest(
        "'\(path)' is no path of a request: it begins with '/', and blanks in it are written as %20")
    }
    guard !method.isEmpty, method.utf8.allSatisfy(\.isHTTPTokenCharacter) else {
      throw .invalidRequest("'\(method)' is no method of HTTP")
    }
    var head = HTTPRequestHead(method: method, target: path)
    for (name, value) in headers {
      guard !name.isEmpty, name.utf8.allSatisfy(\.isHTTPTokenCharacter), value.utf8.allSatisfy(\.isHTTPValueByte) else {
        throw .invalidRequest("the header '\(name)' has characters that no header can have")
      }
      head.headers.append(name, value)
    }
    if head.headers["host"] == nil { head.headers.append("host", "localhost") }
    if let type, head.headers["content-type"] == nil { head.headers.append("content-type", type) }
    if let length, head.headers["content-length"] == nil { head.headers.append("content-length", "\(length)") }
    return head
  }
}

extension Result<MockEngine.HTTPControls.Response, any Error> {
  /// What `mock::http::request` answers.
  var reply: BuiltInReply {
    switch self {
    case .failure(let error): return .failure(InvocationFailure(error))
    case .success(let response):
      var headers = JSONObject()
      for (name, value) in response.headers { headers[name] = .string(value) }
      return .json([
        "status": .int(Int64(response.status)), "headers": .object(headers),
        "body": response.json ?? .string(response.text),
      ])
    }
  }
}

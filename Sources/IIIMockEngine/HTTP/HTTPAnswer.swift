internal import III

/// The answer to a request, without what the connection adds: the length, the date, CORS.
struct HTTPAnswer: Equatable {
  var status = 200
  var headers = HTTPHeaders()
  var body: [UInt8] = []
  /// A time-out's answer goes without.
  var hasCORS = true

  static func json(_ status: Int, _ body: JSONValue) -> HTTPAnswer {
    HTTPAnswer(status: status, headers: ["content-type": "application/json"], body: body.jsonBytes)
  }

  static let timedOut = HTTPAnswer(status: 504, hasCORS: false)

  /// The most bytes of a body that is collected, because it is JSON: it becomes a part of one message. Others are passed
  /// on in pieces and have no limit.
  static let maxJSONBody = 64 << 20

  static let bodyTooLarge = json(
    413,
    [
      "error": .string(
        "A body of application/json has at most \(maxJSONBody) bytes; others are streamed without a limit")
    ])

  static let conditionNotMet = json(422, ["error": "Request condition not met", "skipped": true])

  /// The answer for a function that failed; its code and stack trace stay in the engine.
  ///
  /// - Parameter wallClock: Nanoseconds since 1970; the error's id is made from it.
  static func failed(_ failure: InvocationFailure, wallClock: UInt64) -> HTTPAnswer {
    json(
      500,
      ["error": .string(failure.message), "error_id": .string(String(wallClock & 0xFFFF_FFFF_FFFF, radix: 16))])
  }

  /// The answer that a handler's result means; `nil` if the result is null or cannot be read.
  ///
  /// - Parameter result: Valid JSON.
  init?(ofResult result: ByteView) {
    var body: ByteView?
    if var members = ObjectMembers(result) {
      while let member = members.next() {
        if member.isNamed("status_code") {
          guard let value = HTTPAnswer.json(member.value) else { return nil }
          status = if case .int(let code) = value, (100...999).contains(code) { Int(code) } else { 200 }
        } else if member.isNamed("headers") {
          guard let value = HTTPAnswer.json(member.value) else { return nil }
          headers = HTTPAnswer.headers(value)
        } else if member.isNamed("body") {
          body = member.value
        }
      }
    } else {
      guard let value = HTTPAnswer.json(result), value != .null else { return nil }
    }
    let isTyped = headers["content-type"] != nil
    if !isTyped { headers.append("content-type", "application/json") }
    guard let body else {
      self.body = Array("{}".utf8)
      return
    }
    if JSONText.isString(body), !body.contains(UInt8(ascii: "\\")) {
      // Its JSON is what was sent, and its text is between the quotes.
      self.body = isTyped ? body.dropFirst(1).prefix(body.count - 2).array : body.array
      return
    }
    guard let value = HTTPAnswer.json(body) else { return nil }
    self.body =
      switch value {
      case .string(let text) where isTyped: Array(text.utf8)
      case .null where isTyped: []
      default: value.jsonBytes
      }
  }

  private static func json(_ bytes: ByteView) -> JSONValue? { try? PayloadCoder.decode(JSONValue.self, from: bytes) }

  init(status: Int = 200, headers: HTTPHeaders = [:], body: [UInt8] = [], hasCORS: Bool = true) {
    self.status = status
    self.headers = headers
    self.body = body
    self.hasCORS = hasCORS
  }

  /// The answer of a middleware that ends the request: its body is always JSON.
  static func ofMiddleware(_ response: JSONValue?) -> HTTPAnswer {
    var answer = HTTPAnswer.json(200, .null)
    guard let response, case .object = response else { return answer }
    if case .int(let code)? = response["status_code"], (100...999).contains(code) { answer.status = Int(code) }
    answer.body = (response["body"] ?? .null).jsonBytes
    // One header that is no text, and all are dropped.
    if case .object(let members)? = response["headers"], members.allSatisfy({ $0.value.stringValue != nil }) {
      for (name, value) in members { answer.headers.set(name, value.stringValue ?? "") }
    }
    return answer
  }

  /// The headers of a result: an object of texts, or an array of `Name: value`. What cannot be sent is left out.
  private static func headers(_ value: JSONValue?) -> HTTPHeaders {
    var headers = HTTPHeaders()
    switch value {
    case .object(let members)?:
      for (name, value) in members { if let text = value.stringValue { headers.set(name, text) } }
    case .array(let lines)?:
      for line in lines {
        guard let text = line.stringValue, let colon = text.firstIndex(of: ":") else { continue }
        headers.add(String(text[..<colon]), String(text[text.index(after: colon)...]))
      }
    default: break
    }
    return headers
  }
}

extension HTTPHeaders {
  init() { self = [:] }

  /// Sets a header; one of the same name is replaced. An invalid one is left out.
  mutating func set(_ name: String, _ value: String) {
    guard HTTPHeaders.isValid(name, value) else { return }
    fields.removeAll { $0.name.equalsIgnoringASCIICase(name) }
    append(name.lowercased(), value)
  }

  /// Adds a header beside those of the same name, without the spaces around both. An invalid one is left out.
  mutating func add(_ name: String, _ value: String) {
    let (name, value) = (HTTPHeaders.trimmed(name), HTTPHeaders.trimmed(value))
    if HTTPHeaders.isValid(name, value) { append(name.lowercased(), value) }
  }

  private static func isValid(_ name: String, _ value: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy(\.isHTTPTokenCharacter) && value.utf8.allSatisfy(\.isHTTPValueByte)
  }

  private static func trimmed(_ text: String) -> String {
    var text = text[...]
    while let first = text.first, first.isWhitespace { text = text.dropFirst() }
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text)
  }
}

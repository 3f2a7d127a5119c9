internal import III

/// What the answer of an HTTP server means for the caller of a function.
enum HTTPFunctionAnswer {
  /// The outcome of a call whose request got an answer.
  static func reply(status: Int, body: [UInt8]) -> BuiltInReply {
    guard (200...299).contains(status) else { return .failure(failure(status: status, body: body)) }
    if body.isEmpty { return .nothing }
    guard body.withView({ (try? JSONParser.parse($0)) != nil }) else {
      return .failure(InvocationFailure(code: "invalid_response", message: JSONComplaint.text(of: body)))
    }
    return .bytes(trimmed(body))
  }

  /// The call's request could not be sent, or was not answered.
  static func requestFailed(_ url: HTTPTargetURL, _ cause: String) -> BuiltInReply {
    .failure(
      InvocationFailure(
        code: "http_request_failed", message: "error sending request for url (\(url.shown)): \(cause)"))
  }

  /// The body of the answer could not be read.
  static func responseFailed(_ cause: String) -> BuiltInReply {
    .failure(InvocationFailure(code: "http_response_failed", message: "error decoding response body: \(cause)"))
  }

  static func refused(_ reason: String) -> BuiltInReply {
    .failure(InvocationFailure(code: "url_validation_failed", message: reason))
  }

  private static func failure(status: Int, body: [UInt8]) -> InvocationFailure {
    if let answer = body.withView({ try? JSONParser.parse($0) }), case .object = answer, let error = answer["error"] {
      return InvocationFailure(
        code: error["code"]?.stringValue ?? "http_error",
        message: error["message"]?.stringValue ?? "HTTP request failed")
    }
    return InvocationFailure(code: "http_error", message: "HTTP \(status) \(reason(status))")
  }

  /// Without the white space around the value, which a frame does not need.
  private static func trimmed(_ body: [UInt8]) -> [UInt8] {
    let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
    guard let first = body.firstIndex(where: { !isSpace($0) }), let last = body.lastIndex(where: { !isSpace($0) })
    else { return body }
    return first == 0 && last == body.count - 1 ? body : Array(body[first...last])
  }

  /// The registered phrase of a status, whatever the server wrote.
  static func reason(_ status: Int) -> String {
    switch status {
    case 100: "Continue"
    case 101: "Switching Protocols"
    case 102: "Processing"
    case 300: "Multiple Choices"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 305: "Use Proxy"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 402: "Payment Required"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 407: "Proxy Authentication Required"
    case 408: "Request Timeout"
    case 409: "Conflict"
    case 410: "Gone"
    case 411: "Length Required"
    case 412: "Precondition Failed"
    case 413: "Payload Too Large"
    case 414: "URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Range Not Satisfiable"
    case 417: "Expectation Failed"
    case 418: "I'm a teapot"
    case 421: "Misdirected Request"
    case 422: "Unprocessable Entity"
    case 423: "Locked"
    case 424: "Failed Dependency"
    case 426: "Upgrade Required"
    case 428: "Precondition Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 451: "Unavailable For Legal Reasons"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    case 505: "HTTP Version Not Supported"
    case 506: "Variant Also Negotiates"
    case 507: "Insufficient Storage"
    case 508: "Loop Detected"
    case 510: "Not Extended"
    case 511: "Network Authentication Required"
    default: "<unknown status code>"
    }
  }
}

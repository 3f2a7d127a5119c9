/// A response with its whole body.
package struct HTTPResponse: Equatable, Sendable {
  package var status: Int
  /// The headers without `content-length` and `date`, which `bytes` adds.
  package var headers: HTTPHeaders
  package var body: [UInt8]
  /// Whether the response never has a body, so that `content-length` is left out: 101, or an answer to HEAD.
  package var isBodyless: Bool

  package init(status: Int, headers: HTTPHeaders = [:], body: String = "", isBodyless: Bool = false) {
    self.status = status
    self.headers = headers
    self.body = Array(body.utf8)
    self.isBodyless = isBodyless
  }

  /// The bytes to send, for a time in seconds since 1970.
  package func bytes(secondsSinceEpoch: Int64) -> [UInt8] {
    var headers = headers
    if !isBodyless { headers.append("content-length", "\(body.count)") }
    var head = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
    for field in headers.fields { head += "\(field.name): \(field.value)\r\n" }
    head += "date: \(HTTPDate.text(secondsSinceEpoch: secondsSinceEpoch))\r\n\r\n"
    return Array(head.utf8) + (isBodyless ? [] : body)
  }

  /// The standard phrases of the statuses that this package sends.
  package static func reason(_ status: Int) -> StaticString {
    switch status {
    case 101: "Switching Protocols"
    case 200: "OK"
    case 201: "Created"
    case 202: "Accepted"
    case 204: "No Content"
    case 206: "Partial Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 303: "See Other"
    case 304: "Not Modified"
    case 307: "Temporary Redirect"
    case 308: "Permanent Redirect"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 409: "Conflict"
    case 410: "Gone"
    case 413: "Content Too Large"
    case 415: "Unsupported Media Type"
    case 418: "I'm a teapot"
    case 422: "Unprocessable Content"
    case 426: "Upgrade Required"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: ""
    }
  }
}

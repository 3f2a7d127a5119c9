/// Reads the lines of a whole head, in one pass.
struct HTTPHeadLines {
  private var rest: ByteView

  init(_ head: ByteView) { rest = head }

  consuming func requestHead() throws(HTTPHeadError) -> HTTPRequestHead {
    let line = try firstLine()
    let parts = Self.split(line, at: UInt8(ascii: " "), into: 3)
    guard parts.count == 3 else { throw .syntax("the request line does not have three parts") }
    let (method, target) = (parts[0], parts[1])
    guard !method.isEmpty, method.unsafeBytes.allSatisfy(\.isHTTPTokenCharacter) else {
      throw .syntax("the request line does not begin with a method")
    }
    guard !target.isEmpty, target.unsafeBytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else {
      throw .syntax("the request's target is empty or has a control character")
    }
    if method == "PRI", target == "*", parts[2] == "HTTP/2.0" { throw .http2 }
    return HTTPRequestHead(
      method: method.string, target: target.string, version: try Self.version(parts[2]), headers: try headers())
  }

  consuming func responseHead() throws(HTTPHeadError) -> HTTPResponseHead {
    let line = try firstLine()
    let parts = Self.split(line, at: UInt8(ascii: " "), into: 3)
    guard parts.count >= 2 else { throw .syntax("the status line has no status") }
    let version = try Self.version(parts[0])
    guard parts[1].count == 3, parts[1].unsafeBytes.allSatisfy({ (0x30...0x39).contains($0) }),
      let status = Int(parts[1].string), status >= 100
    else { throw .syntax("the status is not a number of three digits") }
    let reason = parts.count == 3 ? parts[2].string : ""
    return HTTPResponseHead(version: version, status: status, reason: reason, headers: try headers())
  }

  /// The first line that is not empty.
  private mutating func firstLine() throws(HTTPHeadError) -> ByteView {
    while true {
      let line = try nextLine()
      if !line.isEmpty { return line }
    }
  }

  /// The next line without its line end; the head always ends with an empty line.
  private mutating func nextLine() throws(HTTPHeadError) -> ByteView {
    guard let end = rest.unsafeBytes.firstIndex(of: UInt8(ascii: "\n")) else { throw .syntax("the head has no end") }
    var line = rest.prefix(end)
    rest = rest.dropFirst(end + 1)
    if line.count > 0, line[line.count - 1] == UInt8(ascii: "\r") { line = line.prefix(line.count - 1) }
    if line.unsafeBytes.contains(UInt8(ascii: "\r")) { throw .syntax("a CR without LF in the head") }
    return line
  }

  private mutating func headers() throws(HTTPHeadError) -> HTTPHeaders {
    var headers: HTTPHeaders = [:]
    while true {
      let line = try nextLine()
      if line.isEmpty { return headers }
      guard let colon = line.unsafeBytes.firstIndex(of: UInt8(ascii: ":")) else {
        throw .syntax("a header line has no colon")
      }
      let name = line.prefix(colon)
      // This refuses folded lines too, because they begin with a space.
      guard !name.isEmpty, name.unsafeBytes.allSatisfy(\.isHTTPTokenCharacter) else {
        throw .syntax("a header's name is not a token")
      }
      let value = Self.trim(line.dropFirst(colon + 1))
      guard value.unsafeBytes.allSatisfy(\.isHTTPValueByte) else {
        throw .syntax("the value of \(name.string) has a control character")
      }
      guard headers.fields.count < HTTPHeadParser.maxFields else { throw .tooLarge }
      headers.append(name.string, value.string)
    }
  }

  private static func version(_ text: ByteView) throws(HTTPHeadError) -> HTTPVersion {
    if text == "HTTP/1.1" { return .http11 }
    if text == "HTTP/1.0" { return .http10 }
    throw .syntax("the version is neither HTTP/1.1 nor HTTP/1.0")
  }

  /// Splits into up to `count` parts; the last one contains the rest.
  private static func split(_ line: ByteView, at separator: UInt8, into count: Int) -> [ByteView] {
    var parts: [ByteView] = []
    var rest = line
    while parts.count < count - 1, let at = rest.unsafeBytes.firstIndex(of: separator) {
      parts.append(rest.prefix(at))
      rest = rest.dropFirst(at + 1)
    }
    parts.append(rest)
    return parts
  }

  /// The text without spaces and tabs at both ends.
  private static func trim(_ text: ByteView) -> ByteView {
    var text = text
    while text.count > 0, text[0] == 0x20 || text[0] == 0x09 { text = text.dropFirst(1) }
    while text.count > 0, text[text.count - 1] == 0x20 || text[text.count - 1] == 0x09 {
      text = text.prefix(text.count - 1)
    }
    return text
  }
}

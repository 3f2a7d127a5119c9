/// The address of a WebSocket server: `ws://host:port/path?query`, or `wss://` for TLS.
package struct WebSocketURL: Equatable, Sendable {
  package var isSecure: Bool
  /// A name or a numeric address; one of IPv6 without its brackets.
  package var host: String
  /// 80 or 443 where the URL names none.
  package var port: UInt16
  /// As given, at least `/`.
  package var path: String
  /// What follows the `?`, as given; nil without one.
  package var query: String?

  /// What the request line asks for.
  package var target: String { query.map { "\(path)?\($0)" } ?? path }

  /// The value of `Host`: without the port where it is the scheme's own.
  package var hostHeader: String {
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// The server, without the path and the query, which may hold a secret: for logs and errors.
  package var origin: String { "\(isSecure ? "wss" : "ws")://\(hostHeader)" }

  package init(_ text: String) throws(WebSocketURLError) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw WebSocketURLError("has a space, a control character or one beyond ASCII: such must be percent-encoded")
    }
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[colon...].hasPrefix("://") else {
      throw WebSocketURLError("has no scheme: it must begin with ws:// or wss://")
    }
    let scheme = text[..<colon]
    if scheme.equalsIgnoringASCIICase("ws") {
      isSecure = false
    } else if scheme.equalsIgnoringASCIICase("wss") {
      isSecure = true
    } else {
      throw WebSocketURLError("has the scheme '\(scheme.prefix(20))': it must begin with ws:// or wss://")
    }
    let rest = text[colon...].dropFirst(3)
    guard !rest.utf8.contains(UInt8(ascii: "#")) else {
      throw WebSocketURLError("has a fragment, which no WebSocket URL may have: '#' must be written as %23")
    }
    let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let target = rest[authorityEnd...]
    let mark = target.firstIndex(of: "?")
    path = String(target[..<(mark ?? target.endIndex)])
    query = mark.map { String(target[target.index(after: $0)...]) }
    if path.isEmpty { path = "/" }

    let authority = rest[..<authorityEnd]
    guard !authority.utf8.contains(UInt8(ascii: "@")) else {
      throw WebSocketURLError("has a user or password before the host: credentials belong into the headers")
    }
    let portText: Substring?
    (host, portText) = try Self.splitHost(authority)
    port = try portText.map(Self.port) ?? (isSecure ? 443 : 80)
  }

  private static func splitHost(_ authority: Substring) throws(WebSocketURLError) -> (host: String, port: Substring?) {
    let host: Substring
    let after: Substring
    if authority.first == "[" {
      guard let bracket = authority.firstIndex(of: "]") else { throw WebSocketURLError("has a '[' without its ']'") }
      host = authority[..<bracket].dropFirst()
      after = authority[bracket...].dropFirst()
      guard host.utf8.contains(UInt8(ascii: ":")), host.prefix(while: { $0 != "%" }).allSatisfy(isIPv6Character) else {
        throw WebSocketURLError("has no IPv6 address between the brackets")
      }
    } else {
      let colon = authority.firstIndex(of: ":") ?? authority.endIndex
      guard authority.firstIndex(of: ":") == authority.lastIndex(of: ":") else {
        throw WebSocketURLError("has an IPv6 address without brackets, or two ports: such as ws://[::1]:49134 is right")
      }
      host = authority[..<colon]
      after = authority[colon...]
      guard !host.isEmpty else { throw WebSocketURLError("has no host") }
      guard host.allSatisfy(isNameCharacter) else {
        throw WebSocketURLError("has a host with a character that none may have")
      }
    }
    guard let first = after.first else { return (String(host), nil) }
    guard first == ":" else { throw WebSocketURLError("has something other than a port after the host") }
    return (String(host), after.dropFirst())
  }

  private static func port(_ text: Substring) throws(WebSocketURLError) -> UInt16 {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0 else {
      throw WebSocketURLError("has a port that is no number from 1 to 65535")
    }
    return port
  }

  private static func isIPv6Character(_ character: Character) -> Bool {
    character.isHexDigit || character == ":" || character == "."
  }

  private static func isNameCharacter(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "-._~%".contains(character)
  }
}

/// The address of a WebSocket server: `ws://host:port/path?query`, or `wss://` for TLS.
package struct WebSocketURL: Equatable, Sendable {
  package var isSecure: Bool
  /// A name or a numeric address; an IPv6 address without brackets.
  package var host: String
  /// The port; 80 or 443 if the URL has none.
  package var port: UInt16
  /// The path as given, at least `/`.
  package var path: String
  /// The text after the `?`, as given; nil without a `?`.
  package var query: String?

  /// The target of the request line.
  package var target: String { query.map { "\(path)?\($0)" } ?? path }

  /// The value of `Host`: without the port if it is the scheme's default.
  package var hostHeader: String {
    let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  /// The server, without the path and the query, which may contain a secret; for logs and errors.
  package var origin: String { "\(isSecure ? "wss" : "ws")://\(hostHeader)" }

  package init(_ text: String) throws(WebSocketURLError) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw WebSocketURLError("has a space, a control character or one outside ASCII: it must be percent-encoded")
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
      throw WebSocketURLError("has a fragment, which a WebSocket URL must not have: write '#' as %23")
    }
    let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    let target = rest[authorityEnd...]
    let mark = target.firstIndex(of: "?")
    path = String(target[..<(mark ?? target.endIndex)])
    query = mark.map { String(target[target.index(after: $0)...]) }
    if path.isEmpty { path = "/" }

    let authority = rest[..<authorityEnd]
    guard !authority.utf8.contains(UInt8(ascii: "@")) else {
      throw WebSocketURLError("has a user or password before the host: put credentials into the headers")
    }
    let portText: Substring?
    (host, portText) = try Self.splitHost(authority)
    port = try portText.map(Self.port) ?? (isSecure ? 443 : 80)
  }

  private static func splitHost(_ authority: Substring) throws(WebSocketURLError) -> (host: String, port: Substring?) {
    let host: Substring
    let after: Substring
    if authority.first == "[" {
      guard let bracket = authority.firstIndex(of: "]") else { throw WebSocketURLError("has a '[' without a ']'") }
      host = authority[..<bracket].dropFirst()
      after = authority[bracket...].dropFirst()
      guard host.utf8.contains(UInt8(ascii: ":")), host.prefix(while: { $0 != "%" }).allSatisfy(isIPv6Character) else {
        throw WebSocketURLError("has no IPv6 address between the brackets")
      }
    } else {
      let colon = authority.firstIndex(of: ":") ?? authority.endIndex
      guard authority.firstIndex(of: ":") == authority.lastIndex(of: ":") else {
        throw WebSocketURLError("has an IPv6 address without brackets, or two ports: write it as ws://[::1]:49134")
      }
      host = authority[..<colon]
      after = authority[colon...]
      guard !host.isEmpty else { throw WebSocketURLError("has no host") }
      guard host.allSatisfy(isNameCharacter) else {
        throw WebSocketURLError("has a host with an invalid character")
      }
    }
    guard let first = after.first else { return (String(host), nil) }
    guard first == ":" else { throw WebSocketURLError("has something other than a port after the host") }
    return (String(host), after.dropFirst())
  }

  private static func port(_ text: Substring) throws(WebSocketURLError) -> UInt16 {
    guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0 else {
      throw WebSocketURLError("has a port that is not a number from 1 to 65535")
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

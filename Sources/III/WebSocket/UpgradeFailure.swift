/// Why a handshake did not open a connection.
package struct UpgradeFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The status of the server's answer; nil if the request could not be made.
  package var status: Int?
  package var text: String

  package var description: String { text }
}

extension Upgrade {
  /// Headers that the handshake itself sets, and those that would give the request a body.
  private static let ownHeaders = ["connection", "upgrade", "content-length", "transfer-encoding"]

  /// A client's request. `headers` are the user's: a `Host` among them replaces the default one; other headers of the handshake, and those
  /// that are not valid in HTTP, are refused. Values may be secrets and never appear in an error.
  package static func request(
    _ url: WebSocketURL, headers: some Sequence<(key: String, value: String)> = [:] as KeyValuePairs<String, String>,
    key: String
  ) throws(UpgradeFailure) -> [UInt8] {
    var host = url.hostHeader
    var extra = ""
    for (name, value) in headers {
      guard !name.isEmpty, name.utf8.allSatisfy(\.isHTTPTokenCharacter) else {
        throw UpgradeFailure(status: nil, text: "header \(quoted(name)) cannot be sent: its name is not valid in HTTP")
      }
      guard value.utf8.allSatisfy(\.isHTTPValueByte) else {
        throw UpgradeFailure(
          status: nil, text: "header \(quoted(name)) cannot be sent: its value has a line break or a control character")
      }
      if name.equalsIgnoringASCIICase("host") {
        host = String(value.trimmingHTTPSpace())
        continue
      }
      let lowercased = name.lowercased()
      guard !ownHeaders.contains(lowercased), !lowercased.hasPrefix("sec-websocket-") else {
        throw UpgradeFailure(status: nil, text: "header \(quoted(name)) cannot be sent: the handshake sets it")
      }
      extra += "\(name): \(value.trimmingHTTPSpace())\r\n"
    }
    let request =
      "GET \(url.target) HTTP/1.1\r\nHost: \(host)\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
      + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\n\(extra)\r\n"
    return Array(request.utf8)
  }

  /// Checks that the server's answer opens the connection (RFC 6455 §4.1): only a valid 101 does.
  package static func check(_ head: HTTPResponseHead, key: String) throws(UpgradeFailure) {
    func fail(_ text: String) -> UpgradeFailure { UpgradeFailure(status: head.status, text: text) }
    guard head.status == 101 else {
      let reason = head.reason.isEmpty ? "" : " \(head.reason)"
      throw fail("the server answered \(head.status)\(reason) instead of 101: it accepts no WebSocket here")
    }
    guard head.version == .http11 else { throw fail("the server upgraded with HTTP/1.0, which has no upgrades") }
    guard head.headers.all("upgrade").count == 1, head.headers["upgrade"]?.equalsIgnoringASCIICase("websocket") == true
    else { throw fail("the server's 101 is not for a WebSocket: `Upgrade` is not 'websocket'") }
    guard head.headers.lists("upgrade", in: "connection") else {
      throw fail("the server's 101 is not for this connection: `Connection` does not list 'upgrade'")
    }
    guard head.headers.all("sec-websocket-accept") == [accept(key: key)] else {
      throw fail("the server's `Sec-WebSocket-Accept` does not match the key: it did not read this request")
    }
    guard head.headers.all("sec-websocket-extensions").allSatisfy(\.isEmpty) else {
      throw fail("the server chose a WebSocket extension that was not offered")
    }
    guard head.headers.all("sec-websocket-protocol").allSatisfy(\.isEmpty) else {
      throw fail("the server chose a subprotocol that was not offered")
    }
  }

  /// A name for an error text: short, on one line.
  private static func quoted(_ name: String) -> String {
    let shown = name.unicodeScalars.prefix(40).map { $0.value >= 0x20 && $0.value != 0x7F ? String($0) : "?" }
    return "'\(shown.joined())'"
  }
}

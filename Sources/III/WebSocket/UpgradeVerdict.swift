/// A server's answer to an upgrade request.
package enum UpgradeVerdict: Equatable, Sendable {
  /// The 101; frames follow it.
  case accepted(HTTPResponse)
  /// Any other status; the connection may be closed after it.
  case refused(HTTPResponse)

  package var response: HTTPResponse {
    switch self {
    case .accepted(let response), .refused(let response): response
    }
  }
}

extension Upgrade {
  /// The real engine's checks, with its order and texts. The caller says whether the path exists.
  ///
  /// As in the real engine, only the first of several headers of one name counts, and `Connection` needs to contain `upgrade` anywhere. The
  /// key's form, host, origin, extensions and subprotocols are not checked; extensions and subprotocols are never negotiated.
  package static func check(_ head: HTTPRequestHead, isKnownPath: Bool) -> UpgradeVerdict {
    guard isKnownPath else { return .refused(HTTPResponse(status: 404)) }
    if head.method == "HEAD" {
      return .refused(HTTPResponse(status: 405, headers: ["content-type": plainText], isBodyless: true))
    }
    guard head.method == "GET" else { return .refused(HTTPResponse(status: 405, headers: ["allow": "GET,HEAD"])) }
    guard let connection = head.headers["connection"], connection.lowercased().contains("upgrade") else {
      return refuse(400, "Connection header did not include 'upgrade'")
    }
    guard let upgrade = head.headers["upgrade"], upgrade.equalsIgnoringASCIICase("websocket") else {
      return refuse(400, "`Upgrade` header did not include 'websocket'")
    }
    guard let key = head.headers["sec-websocket-key"] else {
      return refuse(400, "`Sec-WebSocket-Key` header missing")
    }
    guard head.headers["sec-websocket-version"] == "13" else {
      return refuse(400, "`Sec-WebSocket-Version` header did not include '13'")
    }
    guard head.version == .http11 else {
      return refuse(426, "WebSocket request couldn't be upgraded since no upgrade state was present")
    }
    let headers: HTTPHeaders = [
      "connection": "upgrade", "upgrade": "websocket", "sec-websocket-accept": accept(key: key),
    ]
    return .accepted(HTTPResponse(status: 101, headers: headers, isBodyless: true))
  }

  /// The answer to bytes that are not a request; nil if the connection is closed without an answer.
  package static func refusal(of error: HTTPHeadError) -> HTTPResponse? {
    switch error {
    case .http2: nil
    case .tooLarge: HTTPResponse(status: 431)
    case .syntax: HTTPResponse(status: 400)
    }
  }

  private static let plainText = "text/plain; charset=utf-8"

  /// A refusal with a text.
  package static func refusal(_ status: Int, _ text: String) -> HTTPResponse {
    HTTPResponse(status: status, headers: ["content-type": plainText], body: text)
  }

  private static func refuse(_ status: Int, _ text: String) -> UpgradeVerdict { .refused(refusal(status, text)) }
}

import III
import Testing

@Suite struct UpgradeClientTests {
  private let key = "dGhlIHNhbXBsZSBub25jZQ=="

  private func right(_ changes: [String: String?] = [:]) -> HTTPResponseHead {
    var headers: HTTPHeaders = [
      "Upgrade": "WebSocket", "Connection": "keep-alive, Upgrade",
      "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
    ]
    for (name, value) in changes {
      headers.fields.removeAll { $0.name == name }
      if let value { headers.append(name, value) }
    }
    return HTTPResponseHead(status: 101, reason: "Switching Protocols", headers: headers)
  }

  private func failure(_ head: HTTPResponseHead) -> UpgradeFailure? {
    do throws(UpgradeFailure) {
      try Upgrade.check(head, key: key)
      return nil
    } catch {
      return error
    }
  }

  @Test func keysAreRandomAndLong() {
    #expect(Upgrade.newKey() != Upgrade.newKey())
    #expect(Upgrade.newKey().utf8.count == 24)
    #expect(Upgrade.newKey().hasSuffix("=="))
  }

  @Test func requests() throws {
    let url = try WebSocketURL("ws://localhost:49134/otel?service=x")
    let headers: KeyValuePairs = ["Authorization": "Bearer t", "x-empty": "", "x-padded": "  a b\t"]
    let text = String(decoding: try Upgrade.request(url, headers: headers, key: key), as: UTF8.self)
    #expect(
      text == "GET /otel?service=x HTTP/1.1\r\nHost: localhost:49134\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \(key)\r\nAuthorization: Bearer t\r\nx-empty: \r\nx-padded: a b\r\n\r\n"
    )
  }

  @Test func theServerAcceptsTheRequest() throws {
    let bytes = try Upgrade.request(WebSocketURL("ws://[::1]:7?a"), headers: ["x": "y"], key: key)
    var parser = HTTPHeadParser()
    guard case .complete(let head, let consumed) = bytes.withView({ parser.request($0) }) else {
      Issue.record("no request")
      return
    }
    #expect(consumed == bytes.count)
    #expect(head.target == "/?a")
    #expect(head.headers["host"] == "[::1]:7")
    let response = Upgrade.check(head, isKnownPath: true).response.bytes(secondsSinceEpoch: 0)
    var client = HTTPHeadParser()
    guard case .complete(let answer, _) = response.withView({ client.response($0) }) else {
      Issue.record("no response")
      return
    }
    #expect(failure(answer) == nil)
  }

  @Test func aHostOfTheUserReplacesOurs() throws {
    let url = try WebSocketURL("ws://127.0.0.1:1")
    let text = String(decoding: try Upgrade.request(url, headers: ["host": "engine"], key: key), as: UTF8.self)
    #expect(text.contains("Host: engine\r\n"))
    #expect(!text.contains("127.0.0.1"))
  }

  @Test(arguments: [
    ("", "v"), ("a b", "v"), ("a:", "v"), ("a\r\nb", "v"), ("ä", "v"), ("a", "secret\r\nb: c"), ("a", "secret\n"),
    ("a", "secret\u{0}"),
    ("Connection", "secret"), ("upgrade", "secret"), ("Sec-WebSocket-Key", "secret"),
    ("sec-websocket-protocol", "secret"),
    ("Content-Length", "5"), ("transfer-encoding", "chunked"),
  ])
  func refusesHeadersThatCannotBeSent(name: String, value: String) throws {
    let url = try WebSocketURL("ws://h")
    do throws(UpgradeFailure) {
      _ = try Upgrade.request(url, headers: [name: value], key: key)
      Issue.record("\(name) was taken")
    } catch {
      #expect(error.status == nil)
      #expect(!error.text.contains("secret"))
      #expect(!error.text.contains("\r") && !error.text.contains("\n"))
    }
  }

  @Test func acceptsARightAnswer() {
    #expect(failure(right()) == nil)
    #expect(failure(right(["Sec-WebSocket-Extensions": "", "Sec-WebSocket-Protocol": ""])) == nil)
    #expect(failure(right(["Connection": "UPGRADE"])) == nil)
  }

  @Test(
    arguments: [
      ("Upgrade", nil), ("Upgrade", "h2c"), ("Upgrade", "websocket, h2c"), ("Connection", nil), ("Connection", "close"),
      ("Connection", "xupgradex"), ("Sec-WebSocket-Accept", nil),
      ("Sec-WebSocket-Accept", "S3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
      ("Sec-WebSocket-Extensions", "permessage-deflate"), ("Sec-WebSocket-Protocol", "chat"),
    ] as [(String, String?)])
  func refusesAWrongAnswer(name: String, value: String?) {
    let failure = failure(right([name: value]))
    #expect(failure?.status == 101)
  }

  @Test func refusesOtherStatuses() {
    var head = right()
    head.status = 503
    head.reason = "Service Unavailable"
    #expect(failure(head)?.status == 503)
    #expect(failure(head)?.text.contains("503 Service Unavailable") == true)
    head.status = 200
    head.reason = ""
    #expect(failure(head)?.status == 200)
    var old = right()
    old.version = .http10
    #expect(failure(old) != nil)
  }
}

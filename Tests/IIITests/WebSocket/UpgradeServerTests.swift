import III
import Testing

/// The answers of the real engine, as recorded.
@Suite struct UpgradeServerTests {
  private static let host = "host: engine"
  private static let connection = "connection: Upgrade"
  private static let upgrade = "upgrade: websocket"
  private static let version = "sec-websocket-version: 13"
  private static let key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="
  private static let right = [host, connection, upgrade, version, key]

  private func check(_ line: String, _ headers: [String] = [host]) throws -> UpgradeVerdict {
    let text = ([line] + headers + ["", ""]).joined(separator: "\r\n")
    var parser = HTTPHeadParser()
    guard case .complete(let head, _) = Array(text.utf8).withView({ parser.request($0) }) else {
      throw HTTPHeadError.syntax(text)
    }
    return Upgrade.check(head, isKnownPath: ["/", "/otel"].contains(head.path))
  }

  private func refusal(_ status: Int, _ text: String) -> UpgradeVerdict {
    .refused(HTTPResponse(status: status, headers: ["content-type": "text/plain; charset=utf-8"], body: text))
  }

  private func acceptance(_ accept: String = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") -> UpgradeVerdict {
    let headers: HTTPHeaders = ["connection": "upgrade", "upgrade": "websocket", "sec-websocket-accept": accept]
    return .accepted(HTTPResponse(status: 101, headers: headers, isBodyless: true))
  }

  @Test(arguments: ["/", "/?x=1", "/?", "/otel", "/otel?service=x"]) func knownPaths(path: String) throws {
    let noUpgrade = refusal(400, "Connection header did not include 'upgrade'")
    #expect(try check("GET \(path) HTTP/1.1") == noUpgrade)
    #expect(try check("GET \(path) HTTP/1.1", Self.right) == acceptance())
    let head = HTTPResponse(status: 405, headers: ["content-type": "text/plain; charset=utf-8"], isBodyless: true)
    #expect(try check("HEAD \(path) HTTP/1.1") == .refused(head))
    #expect(try check("HEAD \(path) HTTP/1.1", Self.right) == .refused(head))
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] {
      let other = UpgradeVerdict.refused(HTTPResponse(status: 405, headers: ["allow": "GET,HEAD"]))
      #expect(try check("\(method) \(path) HTTP/1.1") == other)
      #expect(try check("\(method) \(path) HTTP/1.1", Self.right) == other)
    }
  }

  @Test(arguments: ["/otel/", "//", "/nope", "/health", "/ws", "/OTEL", "*"]) func unknownPaths(path: String) throws {
    for method in ["GET", "HEAD", "POST"] {
      #expect(try check("\(method) \(path) HTTP/1.1") == .refused(HTTPResponse(status: 404)))
      #expect(try check("\(method) \(path) HTTP/1.0", Self.right) == .refused(HTTPResponse(status: 404)))
    }
  }

  @Test func connectionHeader() throws {
    let refused = refusal(400, "Connection header did not include 'upgrade'")
    #expect(try check("GET / HTTP/1.1", [Self.host, Self.upgrade, Self.version, Self.key]) == refused)
    let rest = [Self.upgrade, Self.version, Self.key]
    #expect(try check("GET / HTTP/1.1", ["connection: keep-alive"] + rest) == refused)
    #expect(try check("GET / HTTP/1.1", ["connection: keep-alive, Upgrade"] + rest) == acceptance())
    #expect(try check("GET / HTTP/1.1", ["connection: xUPGRADEx"] + rest) == acceptance())
    // Only the first of several headers counts, as in the real engine.
    #expect(try check("GET / HTTP/1.1", ["connection: keep-alive", Self.connection] + rest) == refused)
  }

  @Test(arguments: [nil, "upgrade: h2c", "upgrade: websocket, h2c", "upgrade:"]) func upgradeHeader(line: String?)
    throws
  {
    let headers = [Self.host, Self.connection, Self.version, Self.key] + (line.map { [$0] } ?? [])
    let refused = refusal(400, "`Upgrade` header did not include 'websocket'")
    #expect(try check("GET / HTTP/1.1", headers) == refused)
  }

  @Test func keyHeader() throws {
    let refused = refusal(400, "`Sec-WebSocket-Key` header missing")
    #expect(try check("GET / HTTP/1.1", [Self.connection, Self.upgrade, Self.version]) == refused)
    let short = [Self.connection, "upgrade: WebSocket", Self.version, "sec-websocket-key: short"]
    #expect(try check("GET / HTTP/1.1", short) == acceptance("JQHdhQRrQ3pd0VAHx7vMGlEiL+4="))
  }

  @Test(arguments: [nil, "sec-websocket-version: 12", "sec-websocket-version: 13, 8"]) func versionHeader(line: String?)
    throws
  {
    let headers = [Self.host, Self.connection, Self.upgrade, Self.key] + (line.map { [$0] } ?? [])
    let refused = refusal(400, "`Sec-WebSocket-Version` header did not include '13'")
    #expect(try check("GET / HTTP/1.1", headers) == refused)
  }

  @Test func theFirstDefectIsAnswered() throws {
    let key = refusal(400, "`Sec-WebSocket-Key` header missing")
    #expect(try check("GET / HTTP/1.1", [Self.connection, Self.upgrade, "sec-websocket-version: 12"]) == key)
    let upgrade = refusal(400, "`Upgrade` header did not include 'websocket'")
    #expect(try check("GET / HTTP/1.0", [Self.connection, "upgrade: h2c", "sec-websocket-version: 12"]) == upgrade)
    let version = refusal(400, "`Sec-WebSocket-Version` header did not include '13'")
    #expect(try check("GET / HTTP/1.0", [Self.connection, Self.upgrade, Self.key]) == version)
  }

  @Test func whatDoesNotMatter() throws {
    #expect(try check("GET / HTTP/1.1", Array(Self.right.dropFirst())) == acceptance())
    let offers = ["sec-websocket-protocol: chat, iii", "origin: http://elsewhere.example"]
    #expect(try check("GET / HTTP/1.1", Self.right + offers) == acceptance())
    let deflate = ["sec-websocket-extensions: permessage-deflate; client_max_window_bits"]
    #expect(try check("GET / HTTP/1.1", Self.right + deflate) == acceptance())
  }

  @Test func oldHTTP() throws {
    let text = "WebSocket request couldn't be upgraded since no upgrade state was present"
    #expect(try check("GET / HTTP/1.0", Self.right) == refusal(426, text))
  }

  @Test func serialises() throws {
    func text(_ verdict: UpgradeVerdict) -> String {
      String(decoding: verdict.response.bytes(secondsSinceEpoch: 784_111_777), as: UTF8.self)
    }
    let date = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n"
    let accepted = try text(check("GET / HTTP/1.1", Self.right))
    #expect(
      accepted == "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        + "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + date)
    let refused = try text(check("GET / HTTP/1.1"))
    #expect(
      refused == "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 43\r\n" + date
        + "Connection header did not include 'upgrade'")
    let head = try text(check("HEAD / HTTP/1.1"))
    #expect(head == "HTTP/1.1 405 Method Not Allowed\r\ncontent-type: text/plain; charset=utf-8\r\n" + date)
    let post = try text(check("POST / HTTP/1.1"))
    #expect(post == "HTTP/1.1 405 Method Not Allowed\r\nallow: GET,HEAD\r\ncontent-length: 0\r\n" + date)
    let unknown = try text(check("GET /nope HTTP/1.1"))
    #expect(unknown == "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n" + date)
  }
}

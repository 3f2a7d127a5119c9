import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct WebPageTests {
  static func pages(strict: Bool = false, origins: [String] = [], hosts: [String] = []) -> WebPages {
    WebPages(
      checksOrigin: !strict, allowedOrigins: origins, allowedHosts: hosts, listeners: ["127.0.0.1", "engine.example"])
  }

  static func head(host: String? = nil, origin: String? = nil) -> HTTPRequestHead {
    var head = HTTPRequestHead(target: "/")
    if let host { head.headers.append("Host", host) }
    if let origin { head.headers.append("origin", origin) }
    return head
  }

  @Test(
    "pages of this machine may connect",
    arguments: [
      "http://localhost", "http://localhost:3000", "https://LOCALHOST:3000", "http://app.localhost:80",
      "http://127.0.0.1:5173",
      "http://127.1.2.3", "http://[::1]:8080",
    ]) func loopbackOrigins(origin: String)
  {
    #expect(Self.pages().refusal(of: Self.head(origin: origin)) == nil)
  }

  @Test(
    "pages of other places may not, unless they are allowed by name",
    arguments: [
      "http://evil.example", "https://evil.example:3000", "null", "", "http://localhost.evil.example",
      "http://127.0.0.1.evil.example", "http://10.0.0.1", "http://evil-localhost", "http://[::2]", "file://",
      "localhost",
      "chrome-extension://localhost",
    ]) func otherOrigins(origin: String)
  {
    let refusal = Self.pages().refusal(of: Self.head(origin: origin))
    #expect(refusal?.note == "refused a request of a web page from '\(origin)'; --allow-origin \(origin) allows it")
    #expect(Self.pages(origins: [origin]).refusal(of: Self.head(origin: origin)) == nil)
    #expect(Self.pages(origins: ["*"]).refusal(of: Self.head(origin: origin)) == nil)
    #expect(Self.pages(origins: ["https://other.example"]).refusal(of: Self.head(origin: origin)) != nil)
    #expect(Self.pages(strict: true).refusal(of: Self.head(origin: origin)) == nil)
  }

  @Test("allowed origins are compared whole and without regard to case") func allowedOrigins() {
    let pages = Self.pages(origins: ["https://App.example:8443/"])
    #expect(pages.refusal(of: Self.head(origin: "https://app.example:8443")) == nil)
    #expect(pages.refusal(of: Self.head(origin: "https://app.example")) != nil)
    #expect(pages.refusal(of: Self.head(origin: "http://app.example:8443")) != nil)
  }

  @Test("each of several Origin and Host headers is checked") func severalHeaders() {
    var head = Self.head(host: "localhost", origin: "http://localhost")
    #expect(Self.pages().refusal(of: head) == nil)
    head.headers.append("Origin", "http://evil.example")
    #expect(Self.pages().refusal(of: head)?.subject == "origin http://evil.example")
    head.headers.append("host", "evil.example")
    #expect(Self.pages().refusal(of: head)?.subject == "host evil.example")
  }

  @Test(
    "hosts that no public name server gives out pass, and so do configured ones",
    arguments: [
      "localhost", "localhost:49134", "LocalHost.", "127.0.0.1:49134", "10.1.2.3", "[::1]:49134", "[fe80::1]", "::1",
      "engine",
      "engine:80", "host.docker.internal:49134", "printer.local", "engine.example:1", "ENGINE.example", "",
    ]) func knownHosts(host: String)
  {
    #expect(Self.pages().refusal(of: Self.head(host: host)) == nil)
  }

  @Test(
    "other hosts are refused, in strict mode too, unless they are allowed by name",
    arguments: [
      "evil.example", "evil.example:49134", "a.engine.example", "1.2.3.4.5", "localhost.evil.example",
      "local.evil.example",
      "127.0.0.1.evil.example",
    ]) func otherHosts(host: String)
  {
    for strict in [false, true] {
      let refusal = Self.pages(strict: strict).refusal(of: Self.head(host: host))
      #expect(refusal?.answer.contains("Host '\(host)' is not a name of this engine") == true)
      #expect(Self.pages(strict: strict, hosts: [host]).refusal(of: Self.head(host: host)) == nil)
      #expect(Self.pages(strict: strict, hosts: ["*"]).refusal(of: Self.head(host: host)) == nil)
    }
    #expect(Self.pages().refusal(of: Self.head()) == nil)
  }

  @Test("refusals are logged once for each origin, up to a hundred") func loggedOnce() {
    var pages = Self.pages()
    let refusals = (0..<150).compactMap { pages.refusal(of: Self.head(origin: "http://evil\($0).example")) }
    #expect(refusals.filter { pages.isNew($0) }.count == 100)
    #expect(refusals.allSatisfy { !pages.isNew($0) })
  }

  @Test(
    "a page from elsewhere gets 403 on every path, and the log says so",
    arguments: ["/", "/otel", "/ws/channels/x", "/x"])
  func refusedRequest(path: String) async throws {
    let notes = AsyncStream<String>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.allowedOrigins = ["https://app.example"]
    configuration.onEvent = { if case .warning(let text) = $0 { notes.continuation.yield(text) } }
    try await withMockEngine(configuration) { engine in
      for name in ["Origin", "Host"] {
        let peer = try await RawPeer.connect(engine.url)
        await peer.send(bytes: Array("GET \(path) HTTP/1.1\r\n\(name): http.evil.example\r\n\(Self.upgrade)\r\n".utf8))
        let response = try await peer.receiveResponse()
        #expect(response.status == 403)
        #expect(String(decoding: response.body, as: UTF8.self).contains("'http.evil.example'"))
        _ = try await peer.ended()
      }
      _ = try await RawPeer.open(engine.url, headers: [("Origin", "https://app.example")])
      _ = try await RawPeer.open(engine.url, headers: [("Origin", "http://localhost:5173")])
      notes.continuation.finish()
      var lines: [String] = []
      for await line in notes.stream { lines.append(line) }
      #expect(lines.count == 2 && lines.allSatisfy { $0.contains("http.evil.example") })
    }
  }

  static let upgrade =
    "connection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: abc=\r\n"
}

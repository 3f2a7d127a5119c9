import III
import Testing

@Suite struct HTTPHeadParserTests {
  /// The result of a new parser for the text, cut before each of the offsets; `consumed` is counted from the start of the text.
  private func request(
    _ text: String, maxBytes: Int = 64 << 10, cuts: [Int] = []
  ) -> HTTPHeadParser.Progress<HTTPRequestHead> {
    var parser = HTTPHeadParser(maxBytes: maxBytes)
    return feed(Array(text.utf8), cuts) { parser.request($0) }
  }

  private func response(_ text: String, cuts: [Int] = []) -> HTTPHeadParser.Progress<HTTPResponseHead> {
    var parser = HTTPHeadParser()
    return feed(Array(text.utf8), cuts) { parser.response($0) }
  }

  private func feed<Head>(
    _ bytes: [UInt8], _ cuts: [Int], _ parse: (ByteView) -> HTTPHeadParser.Progress<Head>
  ) -> HTTPHeadParser.Progress<Head> {
    var start = 0
    for end in cuts + [bytes.count] {
      switch Array(bytes[start..<end]).withView(parse) {
      case .needMore: start = end
      case .complete(let head, let consumed): return .complete(head, consumed: start + consumed)
      case .malformed(let error): return .malformed(error)
      }
    }
    return .needMore
  }

  private func head<Head>(_ progress: HTTPHeadParser.Progress<Head>) -> Head? {
    if case .complete(let head, _) = progress { head } else { nil }
  }

  private func error<Head>(_ progress: HTTPHeadParser.Progress<Head>) -> HTTPHeadError? {
    if case .malformed(let error) = progress { error } else { nil }
  }

  private func isSyntaxError<Head>(_ progress: HTTPHeadParser.Progress<Head>) -> Bool {
    if case .malformed(.syntax) = progress { true } else { false }
  }

  @Test func readsARequest() {
    let text = "GET /otel?service=x&y HTTP/1.1\r\nHost: engine:49134\r\nX-Empty:\r\nX-Space: \t a b \t\r\n\r\n"
    let expected = HTTPRequestHead(
      target: "/otel?service=x&y", headers: ["Host": "engine:49134", "X-Empty": "", "X-Space": "a b"])
    #expect(head(request(text)) == expected)
    #expect(head(request(text))?.headers["host"] == "engine:49134")
    #expect(head(request(text))?.headers["x-EMPTY"] == "")
    #expect(head(request(text))?.headers["absent"] == nil)
  }

  @Test func everyCutGivesTheSameHeadAndRest() {
    let text = "\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n\r\n\u{1}frames follow\r\n\r\n"
    let end = text.utf8.count - "\u{1}frames follow\r\n\r\n".utf8.count
    let expected = HTTPRequestHead(target: "/", headers: ["Host": "a", "Connection": "Upgrade"])
    let all = [[]] + (0...text.utf8.count).map { [$0] } + [Array(0...text.utf8.count)]
    for cuts in all {
      guard case .complete(let head, let consumed) = request(text, cuts: cuts) else {
        Issue.record("no head with cuts \(cuts)")
        continue
      }
      #expect(head == expected)
      #expect(consumed == end)
    }
  }

  @Test func isAsNewAfterAHead() {
    var parser = HTTPHeadParser()
    for path in ["/one", "/two"] {
      let text = Array("GET \(path) HTTP/1.1\r\n\r\n".utf8)
      guard case .needMore = Array(text[..<8]).withView({ parser.request($0) }) else {
        Issue.record("a head of 8 bytes")
        return
      }
      #expect(head(Array(text[8...]).withView { parser.request($0) })?.path == path)
    }
  }

  @Test func keepsRepeatedHeadersInOrder() {
    let headers = head(request("GET / HTTP/1.1\r\nA: 1\r\nb: x\r\na: 2\r\nA: 3, 4\r\n\r\n"))?.headers
    #expect(headers?.all("A") == ["1", "2", "3, 4"])
    #expect(headers?["a"] == "1")
    #expect(headers?.lists("4", in: "a") == true)
    #expect(headers?.lists("5", in: "a") == false)
  }

  @Test(
    arguments: [
      ("/", "/", nil), ("/?", "/", ""), ("/?x=1", "/", "x=1"), ("/otel?a=b?c", "/otel", "a=b?c"), ("//", "//", nil),
      ("/a%2Fb?%20", "/a%2Fb", "%20"), ("/x#y?z", "/x", nil), ("/x?q#y", "/x", "q"), ("http://h:1/p?q", "/p", "q"),
      ("http://h", "/", nil), ("http://h?q", "/", "q"), ("*", "*", nil), ("nope", "", nil), ("h:80", "", nil),
    ] as [(String, String, String?)])
  func splitsTheTarget(target: String, path: String, query: String?) {
    let head = head(request("GET \(target) HTTP/1.1\r\n\r\n"))
    #expect(head?.target == target)
    #expect(head?.path == path)
    #expect(head?.query == query)
  }

  @Test(arguments: ["GET", "HEAD", "POST", "get", "X-Y!"]) func takesEveryMethod(method: String) {
    #expect(head(request("\(method) / HTTP/1.1\r\n\r\n"))?.method == method)
  }

  @Test func takesBothVersions() {
    #expect(head(request("GET / HTTP/1.0\r\n\r\n"))?.version == .http10)
    #expect(head(request("GET / HTTP/1.1\r\n\r\n"))?.version == .http11)
  }

  @Test func toleratesLinesThatEndWithLFAlone() {
    #expect(head(request("GET / HTTP/1.1\nHost: a\n\n")) == HTTPRequestHead(target: "/", headers: ["Host": "a"]))
    #expect(
      head(request("\n\r\nGET / HTTP/1.1\r\nHost: a\n\r\n")) == HTTPRequestHead(target: "/", headers: ["Host": "a"]))
  }

  @Test(arguments: [
    "GET /\r\n\r\n", "GET\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1 \r\n\r\n", " GET / HTTP/1.1\r\n\r\n",
    "G(T / HTTP/1.1\r\n\r\n", "GET / HTTP/1.2\r\n\r\n", "GET / HTTP/2.0\r\n\r\n", "GET / http/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nNo colon\r\n\r\n", "GET / HTTP/1.1\r\n: nameless\r\n\r\n",
    "GET / HTTP/1.1\r\nA : spaced\r\n\r\n",
    "GET / HTTP/1.1\r\n Folded: first\r\n\r\n", "GET / HTTP/1.1\r\nA: 1\r\n folded\r\n\r\n",
    "GET / HTTP/1.1\r\nA: 1\r\n\tfolded\r\n\r\n", "GET / HTTP/1.1\r\nA: 1\rB: 2\r\n\r\n",
    "GET / HTTP/1.1\r\nA: \u{7F}\r\n\r\n",
    "GET /\t HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nÄ: 1\r\n\r\n", "GET /\u{7F} HTTP/1.1\r\n\r\n",
  ])
  func refusesWhatIsNoRequest(text: String) {
    #expect(isSyntaxError(request(text)))
    #expect(isSyntaxError(request(text, cuts: Array(0...text.utf8.count))))
  }

  @Test func refusesControlCharactersAtOnce() {
    #expect(isSyntaxError(request("GET / HTTP/1.1\r\nA: \u{0}")))
    #expect(isSyntaxError(request("\u{1}")))
    // A TLS client begins with these bytes and waits.
    #expect(error(request("\u{16}\u{3}\u{1}"))?.description.contains("wss://") == true)
  }

  @Test func keepsValuesBeyondASCII() {
    #expect(head(request("GET / HTTP/1.1\r\nA: zwölf\r\n\r\n"))?.headers["a"] == "zwölf")
  }

  @Test func recognisesHTTP2() {
    #expect(error(request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")) == .http2)
    #expect(Upgrade.refusal(of: .http2) == nil)
    #expect(isSyntaxError(request("PRI / HTTP/2.0\r\n\r\n")))
  }

  @Test func boundsTheHead() {
    let head = "GET / HTTP/1.1\r\nA: \(String(repeating: "x", count: 77))\r\n\r\n"
    #expect(head.utf8.count == 100)
    for cuts in [[], [50], [99]] {
      #expect(self.head(request(head + "rest", maxBytes: 100, cuts: cuts)) != nil)
      #expect(error(request(head + "rest", maxBytes: 99, cuts: cuts)) == .tooLarge)
    }
    let endless = "GET / HTTP/1.1\r\nA: \(String(repeating: "x", count: 70_000))"
    #expect(error(request(endless)) == .tooLarge)
    #expect(error(request(endless, cuts: [1000, 60_000])) == .tooLarge)
    #expect(error(request(String(repeating: "\r\n", count: 40_000))) == .tooLarge)
    #expect(Upgrade.refusal(of: .tooLarge)?.status == 431)
  }

  @Test func boundsTheFields() {
    func text(_ count: Int) -> String { "GET / HTTP/1.1\r\n\(String(repeating: "A: b\r\n", count: count))\r\n" }
    #expect(head(request(text(100)))?.headers.fields.count == 100)
    #expect(error(request(text(101))) == .tooLarge)
  }

  @Test func readsAResponse() {
    let text = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n"
    let expected = HTTPResponseHead(status: 101, reason: "Switching Protocols", headers: ["upgrade": "websocket"])
    let frame = "\u{1}\u{2}"
    for cut in 0...text.utf8.count {
      guard case .complete(let head, let consumed) = response(text + frame, cuts: [cut]) else {
        Issue.record("no head with a cut at \(cut)")
        continue
      }
      #expect(head == expected)
      #expect(consumed == text.utf8.count)
    }
    #expect(head(response("HTTP/1.0 503\r\n\r\n")) == HTTPResponseHead(version: .http10, status: 503))
    #expect(head(response("HTTP/1.1 404 \r\n\r\n")) == HTTPResponseHead(status: 404))
  }

  @Test(arguments: [
    "HTTP/1.1\r\n\r\n", "HTTP/1.1 20\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 +20 OK\r\n\r\n",
    "HTTP/1.1 099 X\r\n\r\n",
    "HTTP/2 101 X\r\n\r\n", "SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 200 OK\r\nx\r\n\r\n", "HTTP/1.1 200 O\rK\r\n\r\n",
  ])
  func refusesWhatIsNoResponse(text: String) {
    #expect(isSyntaxError(response(text)))
  }
}

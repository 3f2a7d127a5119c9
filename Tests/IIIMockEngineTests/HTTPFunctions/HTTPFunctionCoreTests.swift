import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

@Suite struct HTTPFunctionCoreTests {
  private func invocation(_ json: String) throws -> HTTPInvocation {
    try Array(json.utf8).withView { try HTTPInvocation($0) }
  }

  private func function(
    _ json: String, _ policy: HTTPTargetPolicy = .open, _ environment: [String: String] = [:]
  ) throws -> HTTPFunction {
    try HTTPFunction(try invocation(json), policy, environment: Variables(environment))
  }

  // MARK: Registrations

  @Test("a registration says URL, method, time, headers and credential")
  func registration() throws {
    let all = try invocation(
      #"{"url":"http://h/","method":"PATCH","timeout_ms":0,"headers":{"X-A":"1","X-B":""},"extra":1,"#
        + #""auth":{"type":"api_key","header":"X-Key","value_key":"KEY"}}"#)
    #expect(all.url == "http://h/" && all.method == .patch && all.timeout == .zero)
    #expect(all.headers == [.init(name: "X-A", value: "1"), .init(name: "X-B", value: "")])
    #expect(all.authentication == .apiKey(header: "X-Key", valueKey: "KEY"))
    let least = try invocation(#"{"url":"http://h/","timeout_ms":null,"auth":null}"#)
    #expect(least.method == .post && least.timeout == nil && least.headers.isEmpty && least.authentication == nil)
  }

  @Test(
    "what cannot be read is refused with the reason",
    arguments: [
      ("{}", "missing field `url`"), (#"{"url":null}"#, "`url` is no string"),
      (#"{"url":"u","method":"post"}"#, "`method` is none of GET, POST, PUT, PATCH, DELETE"),
      (#"{"url":"u","method":"HEAD"}"#, "`method` is none of GET, POST, PUT, PATCH, DELETE"),
      (#"{"url":"u","method":null}"#, "`method` is none of GET, POST, PUT, PATCH, DELETE"),
      (#"{"url":"u","headers":null}"#, "`headers` is no object"),
      (#"{"url":"u","headers":[]}"#, "`headers` is no object"),
      (#"{"url":"u","headers":{"x":5}}"#, "header 'x' is no string"),
      (#"{"url":"u","headers":{"x":"a\r\nb: c"}}"#, "header 'x' cannot be sent: it is not valid in HTTP"),
      (#"{"url":"u","headers":{"a b":"c"}}"#, "header 'a b' cannot be sent: it is not valid in HTTP"),
      (
        #"{"url":"u","headers":{"Content-Length":"1"}}"#,
        "header 'Content-Length' cannot be sent: the engine frames the request"
      ),
      (#"{"url":"u","timeout_ms":-1}"#, "`timeout_ms` is no number of milliseconds"),
      (#"{"url":"u","timeout_ms":1.0}"#, "`timeout_ms` is no number of milliseconds"),
      (#"{"url":"u","timeout_ms":"5"}"#, "`timeout_ms` is no number of milliseconds"),
      (#"{"url":"u","auth":{}}"#, "the type of `auth` is none of hmac, bearer, api_key"),
      (#"{"url":"u","auth":{"type":"hmac"}}"#, "missing field `secret_key`"),
    ])
  func refusedRegistration(_ json: String, _ reason: String) {
    let problem = #expect(throws: HTTPInvocation.Problem.self) { _ = try invocation(json) }
    #expect(problem?.reason == reason)
  }

  @Test("a credential whose variable is not set, and a URL that may not be called, are refused")
  func refusedFunction() throws {
    let cases: [(String, HTTPTargetPolicy, String)] = [
      (#"{"url":"not a url"}"#, .open, "Invalid URL"), (#"{"url":"/relative"}"#, .open, "Invalid URL"),
      (#"{"url":"ftp://h/"}"#, .open, "Invalid URL"), (#"{"url":"http://h/\u0000"}"#, .open, "Invalid URL"),
      (#"{"url":"http://h/"}"#, HTTPTargetPolicy(), "HTTPS is required"),
      (#"{"url":"https://127.0.0.1/"}"#, HTTPTargetPolicy(), "Private IP blocked"),
      (#"{"url":"https://localhost/"}"#, HTTPTargetPolicy(), "Private IP blocked"),
      (#"{"url":"https://[::ffff:10.0.0.1]/"}"#, HTTPTargetPolicy(), "Private IP blocked"),
      (#"{"url":"https://2130706433/"}"#, HTTPTargetPolicy(), "Private IP blocked"),
      (
        #"{"url":"http://h/","auth":{"type":"bearer","token_key":"UNSET"}}"#, .open,
        "environment variable 'UNSET' of the engine is not set, which `auth` names"
      ),
    ]
    for (json, policy, reason) in cases {
      let problem = #expect(throws: HTTPInvocation.Problem.self, "\(json)") { _ = try function(json, policy) }
      #expect(problem?.reason == reason, "\(json)")
    }
  }

  @Test("the time of a call is 30 s, what its registration says, and 60 s at most")
  func timeouts() throws {
    #expect(try function(#"{"url":"http://h/"}"#).timeout == .seconds(30))
    #expect(try function(#"{"url":"http://h/","timeout_ms":1500}"#).timeout == .milliseconds(1500))
    #expect(try function(#"{"url":"http://h/","timeout_ms":90000}"#).timeout == .seconds(60))
  }

  // MARK: Targets

  @Test("patterns of the allow list cover the host alone, in lower case, without port and user")
  func allowlist() throws {
    let policy = HTTPTargetPolicy(
      allowlist: ["127.0.0.?", "*.Allowed.test"], blocksPrivateAddresses: false, requiresHTTPS: false)
    for (url, isAllowed) in [
      ("http://127.0.0.1:5000/", true), ("http://localhost:5000/", false), ("http://x.allowed.test/", true),
      ("http://allowed.test/", false), ("http://X.ALLOWED.TEST/", true), ("http://user:pw@x.allowed.test:8080/", true),
      ("http://127.0.0.11/", false), ("http://evil.test/?x.allowed.test", false),
      ("http://x.allowed.test@evil.test/", false),
    ] {
      let refusal = policy.refusal(of: try #require(HTTPTargetURL(url)))
      #expect(refusal == (isAllowed ? nil : "URL not in allowlist"), "\(url)")
    }
  }

  @Test("an error names a URL without user, password and query")
  func shownURL() throws {
    let url = try #require(HTTPTargetURL("http://ada:secret@h.test:8080/a/b?token=secret"))
    #expect(url.shown == "http://h.test:8080/a/b")
    #expect(url.host == "h.test" && url.port == 8080 && !url.isHTTPS)
    #expect(HTTPTargetURL("https://h.test")?.shown == "https://h.test/")
    #expect(HTTPTargetURL("http://[::1]:80/")?.host == "::1")
  }

  @Test("addresses of this machine, of local networks and reserved ones are private, also inside of IPv6")
  func privateAddresses() throws {
    let isPrivate = { (host: String) throws -> Bool in
      AddressKind.isPrivate(try #require(SocketAddress(numericHost: host, port: 0)).bytes)
    }
    for host in [
      "127.0.0.1", "127.255.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254",
      "255.255.255.255", "0.0.0.0", "192.0.2.1", "198.51.100.7", "203.0.113.7", "100.64.0.1", "224.0.0.1", "::1", "::",
      "fc00::1", "fdff::1", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:192.168.1.1", "64:ff9b::10.0.0.1",
      "2002:7f00:1::",
    ] { #expect(try isPrivate(host), "\(host)") }
    for host in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "192.0.1.1"] {
      #expect(try !isPrivate(host), "\(host)")
    }
  }

  @Test("a pattern matches as a plain matcher does", arguments: 0..<20)
  func patterns(_ seed: Int) {
    func plain(_ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
      guard let first = pattern.first else { return text.isEmpty }
      if first == UInt8(ascii: "*") {
        return plain(text, pattern.dropFirst()) || !text.isEmpty && plain(text.dropFirst(), pattern)
      }
      guard let byte = text.first, byte == first || first == UInt8(ascii: "?") else { return false }
      return plain(text.dropFirst(), pattern.dropFirst())
    }
    var random = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<500 {
      let text = (0..<random.below(8)).map { _ in random.pick(Array("ab".utf8)) }
      let pattern = (0..<random.below(7)).map { _ in random.pick(Array("ab?**".utf8)) }
      #expect(HTTPTargetPolicy.matches(text, pattern) == plain(text[...], pattern[...]))
    }
  }

  // MARK: Requests

  @Test("a request has the engine's headers, and a configured header takes the place of the engine's own")
  func headers() throws {
    let plain = try function(#"{"url":"http://h/","headers":{"Content-Type":"text/x","X-Mine":"1"}}"#)
    let headers = plain.requestHeaders(functionID: "f", invocationID: "id", seconds: 7, body: [])
    #expect(
      headers.map { "\($0.name): \($0.value)" } == [
        "x-iii-function-path: f", "x-iii-invocation-id: id", "x-iii-timestamp: 7", "Content-Type: text/x", "X-Mine: 1",
      ])
  }

  @Test("credentials come from the environment; the signature is that of the time and the body")
  func credentials() throws {
    let environment = ["SECRET": "wire secret", "TOKEN": "t"]
    func last(_ auth: String, _ body: String) throws -> String? {
      let function = try function(#"{"url":"http://h/","auth":\#(auth)}"#, .open, environment)
      return function.requestHeaders(functionID: "f", invocationID: "i", seconds: 1700000000, body: Array(body.utf8))
        .last
        .map { "\($0.name): \($0.value)" }
    }
    #expect(try last(#"{"type":"bearer","token_key":"TOKEN"}"#, "") == "authorization: Bearer t")
    #expect(try last(#"{"type":"api_key","header":"X-Key","value_key":"TOKEN"}"#, "") == "x-key: t")
    // Computed with Python's hmac over b"1700000000:eyJhIjoxfQ==".
    #expect(
      try last(#"{"type":"hmac","secret_key":"SECRET"}"#, #"{"a":1}"#)
        == "x-iii-signature: sha256=a6d374420babe5f195641fb48dd7467a27a95d66c74df0e0e6497f3a217125bc")
  }

  // MARK: Answers

  @Test("an answer is a result or an error by its status and its body")
  func answers() {
    func reply(_ status: Int, _ body: String = "") -> String {
      switch HTTPFunctionAnswer.reply(status: status, body: Array(body.utf8)) {
      case .nothing: "nothing"
      case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
      case .failure(let failure): "\(failure.code): \(failure.message)"
      case .later: "later"
      }
    }
    #expect(reply(200) == "nothing")
    #expect(reply(204) == "nothing")
    #expect(reply(200, "null") == "null")
    #expect(reply(201, " 5\n") == "5")
    #expect(reply(200, #"{"z":1, "a":[true, 1.0]}"#) == #"{"z":1, "a":[true, 1.0]}"#)
    #expect(reply(200, #"{"error":{"code":"x"}}"#) == #"{"error":{"code":"x"}}"#)
    #expect(reply(200, "not json") == "invalid_response: expected ident at line 1 column 2")
    #expect(reply(502, #"{"error":{"code":"UP","message":"m","stacktrace":"s"}}"#) == "UP: m")
    #expect(reply(422, #"{"error":{"message":"only"}}"#) == "http_error: only")
    #expect(reply(400, #"{"error":{"code":5}}"#) == "http_error: HTTP request failed")
    #expect(reply(500, #"{"error":"text"}"#) == "http_error: HTTP request failed")
    #expect(reply(500, #"{"message":"x"}"#) == "http_error: HTTP 500 Internal Server Error")
    #expect(reply(302) == "http_error: HTTP 302 Found")
    #expect(reply(418) == "http_error: HTTP 418 I'm a teapot")
    #expect(reply(599) == "http_error: HTTP 599 <unknown status code>")
  }

  @Test(
    "a body that is not JSON is described in the real engine's words",
    arguments: [
      (#"{"a":"#, "EOF while parsing a value at line 1 column 5"),
      (" ", "EOF while parsing a value at line 1 column 1"),
      ("nul", "EOF while parsing a value at line 1 column 3"), ("<html>", "expected value at line 1 column 1"),
      ("[1,\n2", "EOF while parsing a list at line 2 column 1"), ("[1,]", "trailing comma at line 1 column 4"),
      (#"{"a" 1}"#, "expected `:` at line 1 column 6"), (#"{"a":1,}"#, "trailing comma at line 1 column 8"),
      ("{a:1}", "key must be a string at line 1 column 2"), ("[1 2]", "expected `,` or `]` at line 1 column 4"),
      (#"{"a":1 "b":2}"#, "expected `,` or `}` at line 1 column 8"), ("1 2", "trailing characters at line 1 column 3"),
      ("01", "invalid number at line 1 column 2"), ("-x", "invalid number at line 1 column 2"),
      (#""ab"#, "EOF while parsing a string at line 1 column 3"), (#""\x""#, "invalid escape at line 1 column 3"),
    ])
  func complaints(_ body: String, _ text: String) {
    #expect(JSONComplaint.text(of: Array(body.utf8)) == text)
  }
}

import III
import Testing

@Suite struct WebSocketURLTests {
  @Test(arguments: [
    ("ws://localhost", "localhost", 80, "/", "localhost"),
    ("wss://engine.example.com", "engine.example.com", 443, "/", "engine.example.com"),
    ("WS://127.0.0.1:49134/", "127.0.0.1", 49134, "/", "127.0.0.1:49134"),
    ("ws://h:80/a/b?c=d", "h", 80, "/a/b?c=d", "h"),
    ("ws://h:443", "h", 443, "/", "h:443"),
    ("wss://h:80", "h", 80, "/", "h:80"),
    ("ws://h?x", "h", 80, "/?x", "h"),
    ("ws://h/?", "h", 80, "/?", "h"),
    ("ws://h/a?b?c/d@e:f", "h", 80, "/a?b?c/d@e:f", "h"),
    ("ws://[::1]", "::1", 80, "/", "[::1]"),
    ("ws://[fe80::1%25eth0]:7/x", "fe80::1%25eth0", 7, "/x", "[fe80::1%25eth0]:7"),
    ("wss://[::ffff:1.2.3.4]:65535?q", "::ffff:1.2.3.4", 65535, "/?q", "[::ffff:1.2.3.4]:65535"),
  ])
  func takes(text: String, host: String, port: Int, target: String, hostHeader: String) throws {
    let url = try WebSocketURL(text)
    #expect(url.isSecure == text.lowercased().hasPrefix("wss"))
    #expect(url.host == host)
    #expect(Int(url.port) == port)
    #expect(url.target == target)
    #expect(url.hostHeader == hostHeader)
  }

  @Test func splitsPathAndQuery() throws {
    #expect(try WebSocketURL("ws://h/a?b=c").path == "/a")
    #expect(try WebSocketURL("ws://h/a?b=c").query == "b=c")
    #expect(try WebSocketURL("ws://h/a").query == nil)
    #expect(try WebSocketURL("ws://h/a?").query == "")
    #expect(try WebSocketURL("ws://h:5/a?token=t").origin == "ws://h:5")
  }

  @Test(arguments: [
    ("", "scheme"), ("localhost:49134", "scheme"), ("http://h", "ws://"), ("://h", "ws://"), ("ws:/h", "scheme"),
    ("ws://", "host"),
    ("ws://:80", "host"), ("ws:///path", "host"), ("ws://user:secret@h", "password"), ("ws://secret@h", "password"),
    ("ws://h:0", "port"), ("ws://h:65536", "port"), ("ws://h:", "port"), ("ws://h:+8", "port"), ("ws://h:8x", "port"),
    ("ws://h/#secret", "fragment"), ("ws://h#", "fragment"), ("ws://h/a b", "percent-encoded"),
    ("ws://h/ä", "percent-encoded"),
    ("ws://h/\r\nx: y", "percent-encoded"), ("ws://[::1", "']'"), ("ws://[]", "IPv6"), ("ws://[h]", "IPv6"),
    ("ws://[::1]x", "port"),
    ("ws://[::1]:x", "port"), ("ws://a,b", "character"), ("ws://::1", "brackets"), ("ws://h:1:2", "two ports"),
  ])
  func refuses(text: String, word: String) {
    do throws(WebSocketURLError) {
      _ = try WebSocketURL(text)
      Issue.record("\(text) was taken")
    } catch {
      #expect(error.problem.contains(word))
      #expect(!error.problem.contains("secret"))
      #expect(error.description.hasPrefix("the URL "))
    }
  }
}

import III
import Testing

@testable import IIIMockEngine

@Suite("Channels: requests")
struct ChannelRequestTests {
  static let upgrade: HTTPHeaders = [
    "connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13", "sec-websocket-key": "k",
  ]

  private func verdict(
    _ query: String, method: String = "GET", headers: HTTPHeaders = upgrade
  ) -> ChannelRequest.Verdict {
    let target = "/ws/channels/c" + query
    return ChannelRequest.check(HTTPRequestHead(method: method, target: target, headers: headers), id: "c")
  }

  @Test(
    "paths",
    arguments: [
      ("/ws/channels/c", "c"), ("/ws/channels/a%20b%2Fc", "a b/c"), ("/ws/channels/%zz%4", "%zz%4"),
      ("/ws/channels/", nil), ("/ws/channels", nil), ("/ws/channels/a/b", nil), ("/", nil), ("/ws/channel/c", nil),
    ])
  func paths(path: String, id: String?) { #expect(ChannelRequest.id(in: path) == id) }

  @Test(
    "queries that are taken",
    arguments: [
      ("?key=k&dir=read", "k", ChannelDirection.read), ("?dir=write&x=1&key=", "", .write),
      ("?key=a%3Db+c&dir=%72ead&token=x&token=y", "a=b c", .read), ("?&&key=k&dir=read&", "k", .read),
    ])
  func taken(query: String, key: String, direction: ChannelDirection) {
    guard case .wellFormed(let request, let response) = verdict(query) else {
      Issue.record("\(query) is refused")
      return
    }
    #expect(request == ChannelRequest(id: "c", key: key, direction: direction))
    #expect(response.status == 101 && response.headers["sec-websocket-extensions"] == nil)
  }

  @Test(
    "queries that are refused",
    arguments: [
      ("", "missing field `key`"), ("?dir=read", "missing field `key`"), ("?key=k", "missing field `dir`"),
      ("?Key=k&dir=read", "missing field `key`"), ("?key=k&key=k&dir=both", "duplicate field `key`"),
      ("?key=k&dir=read&dir=read", "duplicate field `dir`"),
      ("?dir=READ", "dir: unknown variant `READ`, expected `read` or `write`"),
      ("?key=k&dir", "dir: unknown variant ``, expected `read` or `write`"),
    ])
  func refused(query: String, reason: String) {
    let response = Upgrade.refusal(400, "Failed to deserialize query string: \(reason)")
    #expect(verdict(query) == .refused(response))
    #expect(verdict(query, method: "HEAD", headers: [:]) == .refused(response))
  }

  @Test("methods and headers, in the order of the checks")
  func order() {
    func status(_ verdict: ChannelRequest.Verdict) -> Int? {
      if case .refused(let response) = verdict { response.status } else { nil }
    }
    #expect(status(verdict("", method: "POST")) == 405)
    #expect(status(verdict("", method: "HEAD")) == 400)
    #expect(status(verdict("?key=k&dir=read", method: "HEAD")) == 405)
    #expect(
      verdict("?key=k&dir=read", headers: [:])
        == .refused(Upgrade.refusal(400, "Connection header did not include 'upgrade'")))
  }
}

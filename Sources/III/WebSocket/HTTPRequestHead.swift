/// The request line and headers of a request.
package struct HTTPRequestHead: Equatable, Sendable {
  /// As it was sent: methods are case-sensitive.
  package var method: String
  /// As it was sent: `/otel?x=y`, or with a scheme and a host before it.
  package var target: String
  package var version: HTTPVersion
  package var headers: HTTPHeaders

  package init(method: String = "GET", target: String, version: HTTPVersion = .http11, headers: HTTPHeaders = [:]) {
    self.method = method
    self.target = target
    self.version = version
    self.headers = headers
  }

  /// The target's path, as it was sent: nothing is decoded. Empty if the target has none.
  package var path: String { String(split.path) }

  /// The text after the `?`; nil without a `?`, empty if nothing follows it.
  package var query: String? { split.query.map(String.init) }

  /// Both.
  package var pathAndQuery: (path: String, query: String?) {
    let (path, query) = split
    return (String(path), query.map(String.init))
  }

  private var split: (path: Substring, query: Substring?) {
    var rest = target[...]
    if let hash = rest.utf8.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<hash] }
    var query: Substring?
    if let mark = rest.utf8.firstIndex(of: UInt8(ascii: "?")) {
      query = rest[rest.utf8.index(after: mark)...]
      rest = rest[..<mark]
    }
    if rest.utf8.first == UInt8(ascii: "/") || rest == "*" { return (rest, query) }
    // The absolute form of RFC 9112 §3.2.2, which proxies send: `http://host/path`; an empty path means `/`.
    let scheme = rest.prefix { $0 != ":" }
    guard !scheme.isEmpty, rest[scheme.endIndex...].hasPrefix("://") else { return ("", query) }
    let authority = rest[scheme.endIndex...].dropFirst(3)
    guard let slash = authority.utf8.firstIndex(of: UInt8(ascii: "/")) else { return ("/", query) }
    return (authority[slash...], query)
  }
}

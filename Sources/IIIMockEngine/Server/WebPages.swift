internal import III
internal import UV

/// Decides which requests of web pages are let in. A browser lets every page open a WebSocket to this machine; without
/// these checks any page that a developer visits could list and call functions.
///
/// - `Origin`: the page's own address. It must be on loopback or allowed by name. Not checked in strict mode.
/// - `Host`: a page can have its own name resolve to this machine (DNS rebinding). So the name must be one that a
///   public DNS server cannot give out, or one that the engine was configured with.
struct WebPages {
  /// Why a request is refused.
  struct Refusal: Equatable {
    /// A line for the engine's log.
    let note: String
    /// The body of the answer.
    let answer: String
    /// What it is about; each is logged once.
    let subject: String
  }

  private let checksOrigin: Bool
  private let origins: [String]
  private let hosts: [String]
  /// Refused origins and hosts.
  private var noted = NotedCauses(limit: 100)

  /// - Parameters:
  ///   - allowedOrigins: Origins of pages that may connect, as `https://app.example`; `*` allows all.
  ///   - allowedHosts: Names that a request's `Host` may have besides those that are always allowed; `*` allows all.
  ///   - listeners: The hosts of the engine's configuration.
  init(checksOrigin: Bool, allowedOrigins: [String], allowedHosts: [String], listeners: [String]) {
    self.checksOrigin = checksOrigin
    origins = allowedOrigins
    hosts = allowedHosts + listeners
  }

  init(_ configuration: MockEngine.Configuration) {
    self.init(
      checksOrigin: configuration.compatibility.refusesForeignPages, allowedOrigins: configuration.allowedOrigins,
      allowedHosts: configuration.allowedHosts, listeners: configuration.listeners.map(\.host))
  }

  /// Why the engine refuses a request; `nil` if it does not.
  func refusal(of head: HTTPRequestHead) -> Refusal? {
    if let host = head.headers.first("host", where: { !allows(host: $0) }) {
      let shown = WebPages.shortened(host)
      return Refusal(
        note: "refused a request for host '\(shown)', which is not a name of this engine (DNS rebinding); "
          + "--allow-host \(shown) allows it",
        answer: "Host '\(shown)' is not a name of this engine; start it with --allow-host to allow the name",
        subject: "host \(shown)")
    }
    guard checksOrigin, let origin = head.headers.first("origin", where: { !allows(origin: $0) }) else {
      return nil
    }
    let shown = WebPages.shortened(origin)
    return Refusal(
      note: "refused a request of a web page from '\(shown)'; --allow-origin \(shown) allows it",
      answer: "Origin '\(shown)' is not allowed; start the engine with --allow-origin to allow it",
      subject: "origin \(shown)")
  }

  /// Whether a refusal is to be logged: the first of its origin or host is.
  mutating func isNew(_ refusal: Refusal) -> Bool { noted.isFirst(refusal.subject) }

  // MARK: Internals

  private func allows(origin: String) -> Bool {
    if origins.contains(where: { $0 == "*" || WebPages.isSame(origin: $0, origin) }) { return true }
    let parts = WebPages.parts(of: origin)
    guard let scheme = parts.scheme,
      ["http", "https", "ws", "wss"].contains(where: { $0.equalsIgnoringASCIICase(scheme) })
    else { return false }
    let name = WebPages.name(of: parts.authority).lowercased()
    return name == "localhost" || name.hasSuffix(".localhost")
      || SocketAddress(numericHost: name, port: 0)?.isLoopback ?? false
  }

  private func allows(host: String) -> Bool {
    // Addresses and names without a dot are not looked up in public DNS.
    if !host.utf8.contains(UInt8(ascii: ".")) { return true }
    var name = WebPages.name(of: host[...]).lowercased()
    if name.hasSuffix(".") { name.removeLast() }
    if SocketAddress(numericHost: name, port: 0) != nil || !name.utf8.contains(UInt8(ascii: ".")) { return true }
    if name.hasSuffix(".internal") || name.hasSuffix(".local") { return true }
    return hosts.contains { $0 == "*" || WebPages.name(of: $0[...]).equalsIgnoringASCIICase(name) }
  }

  private static func isSame(origin allowed: String, _ origin: String) -> Bool {
    // Addresses are often copied from a browser, with a slash behind them.
    allowed.equalsIgnoringASCIICase(origin)
      || (allowed.hasSuffix("/") && allowed.dropLast().equalsIgnoringASCIICase(origin))
  }

  private static func parts(of origin: String) -> (scheme: Substring?, authority: Substring) {
    let scheme = origin.prefix { $0 != ":" }
    let rest = origin[scheme.endIndex...]
    return rest.hasPrefix("://") ? (scheme, rest.dropFirst(3)) : (nil, origin[...])
  }

  /// The host of `host`, `host:port`, `[::1]` or `[::1]:port`.
  private static func name(of authority: Substring) -> Substring {
    if authority.hasPrefix("[") { return authority.dropFirst().prefix { $0 != "]" } }
    // More than one colon: an IPv6 address without brackets.
    guard let colon = authority.firstIndex(of: ":"), authority.lastIndex(of: ":") == colon else { return authority }
    return authority[..<colon]
  }

  private static func shortened(_ text: String) -> String { text.count > 100 ? text.prefix(100) + "…" : text }
}

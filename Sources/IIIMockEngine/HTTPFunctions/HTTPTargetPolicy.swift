internal import UV

/// Which URLs the engine calls.
struct HTTPTargetPolicy: Sendable, Equatable {
  /// Patterns of hosts, with `*` and `?`.
  var allowlist = ["*"]
  var blocksPrivateAddresses = true
  var requiresHTTPS = true

  /// What is let in by an engine without a configuration file, which is meant for one machine: everything.
  static let open = HTTPTargetPolicy(blocksPrivateAddresses: false, requiresHTTPS: false)

  static let invalidURL = "Invalid URL"
  static let privateAddress = "Private IP blocked"
  static let lookupFailed = "DNS lookup failed"

  /// Why a URL is not called; `nil` if it may be. A name has still to be looked up: `refusal(of:)` of each address.
  func refusal(of url: HTTPTargetURL) -> String? {
    if requiresHTTPS, !url.isHTTPS { return "HTTPS is required" }
    let host = Array(url.host.utf8)
    guard allowlist.contains(where: { HTTPTargetPolicy.matches(host, Array($0.lowercased().utf8)) }) else {
      return "URL not in allowlist"
    }
    let known = Resolver.known(url.host, port: url.port) ?? []
    return known.lazy.compactMap { refusal(of: $0) }.first
  }

  /// Why an address is not connected to; `nil` if it may be.
  func refusal(of address: SocketAddress) -> String? {
    blocksPrivateAddresses && AddressKind.isPrivate(address.bytes) ? HTTPTargetPolicy.privateAddress : nil
  }

  /// Whether a text matches a pattern in which `*` is any text and `?` any byte.
  static func matches(_ text: [UInt8], _ pattern: [UInt8]) -> Bool {
    var (at, place) = (0, 0)
    /// Where the last `*` is, and how much of the text it covers.
    var star: (place: Int, at: Int)?
    while at < text.count {
      if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
        star = (place, at)
        place += 1
      } else if place < pattern.count, pattern[place] == text[at] || pattern[place] == UInt8(ascii: "?") {
        at += 1
        place += 1
      } else if let last = star {
        star = (last.place, last.at + 1)
        (at, place) = (last.at + 1, last.place + 1)
      } else {
        return false
      }
    }
    return pattern[place...].allSatisfy { $0 == UInt8(ascii: "*") }
  }
}

/// What kind of network an address belongs to.
enum AddressKind {
  /// Whether an address is one of this machine, of a local network, or reserved: none that a public service has.
  ///
  /// - Parameter bytes: 4 bytes of IPv4, or 16 of IPv6. An IPv6 address that stands for one of IPv4 is judged as that.
  static func isPrivate(_ bytes: [UInt8]) -> Bool {
    if bytes.count == 4 { return isPrivateIPv4(bytes) }
    guard bytes.count == 16 else { return true }
    if bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
      return isPrivateIPv4(Array(bytes[12...]))
    }
    // Translated (64:ff9b::/96) and the older forms of compatible addresses, with :: and ::1 among them.
    if bytes[0..<4] == [0, 0x64, 0xFF, 0x9B], bytes[4..<12].allSatisfy({ $0 == 0 }) {
      return isPrivateIPv4(Array(bytes[12...]))
    }
    if bytes[0..<12].allSatisfy({ $0 == 0 }) { return true }
    // 6to4 carries an IPv4 address.
    if bytes[0] == 0x20, bytes[1] == 0x02 { return isPrivateIPv4(Array(bytes[2..<6])) }
    return bytes[0] & 0xFE == 0xFC  // fc00::/7: unique local
      || bytes[0] == 0xFE  // fe80::/10: link-local; fec0::/10: site-local
      || bytes[0] == 0xFF  // multicast
      || bytes[0..<4] == [0x20, 0x01, 0x0D, 0xB8]  // documentation
  }

  private static func isPrivateIPv4(_ bytes: [UInt8]) -> Bool {
    switch (bytes[0], bytes[1], bytes[2]) {
    case (0, _, _), (10, _, _), (127, _, _), (224...255, _, _): true
    case (100, 64...127, _): true  // shared by carriers
    case (169, 254, _), (172, 16...31, _), (192, 168, _): true
    case (192, 0, 0), (192, 0, 2), (198, 18...19, _), (198, 51, 100), (203, 0, 113): true
    default: false
    }
  }
}

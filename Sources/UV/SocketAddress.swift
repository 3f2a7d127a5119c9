internal import CUV

/// An IPv4 or IPv6 address and a port.
package struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
  package let host: String
  package let port: UInt16
  package let isIPv6: Bool

  /// `nil` if `numericHost` is neither an IPv4 nor an IPv6 address (without brackets).
  package init?(numericHost: String, port: UInt16) {
    var v4 = sockaddr_in()
    var v6 = sockaddr_in6()
    if uv_ip4_addr(numericHost, Int32(port), &v4) == 0 {
      isIPv6 = false
    } else if uv_ip6_addr(numericHost, Int32(port), &v6) == 0 {
      isIPv6 = true
    } else {
      return nil
    }
    host = numericHost
    self.port = port
  }

  /// The address that a socket is bound to.
  init?(ofSocket descriptor: Int32) {
    var storage = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) {
      getsockname(descriptor, UnsafeMutableRawPointer($0).assumingMemoryBound(to: sockaddr.self), &size)
    }
    guard code == 0 else { return nil }
    self.init(storage)
  }

  /// From an address in the system's form, as another library has it; `nil` for other families.
  package init?(_ raw: UnsafeRawBufferPointer) {
    var storage = sockaddr_storage()
    guard raw.count <= MemoryLayout<sockaddr_storage>.size else { return nil }
    withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: raw) }
    self.init(storage)
  }

  /// From an address that the system filled in; `nil` for other families.
  init?(_ storage: sockaddr_storage) {
    var storage = storage
    var text = [CChar](repeating: 0, count: 64)
    let family = Int32(storage.ss_family)
    let named = withUnsafePointer(to: &storage) { pointer -> (port: UInt16, isIPv6: Bool)? in
      let raw = UnsafeRawPointer(pointer)
      switch family {
      case AF_INET:
        let address = raw.assumingMemoryBound(to: sockaddr_in.self)
        uv_ip4_name(address, &text, text.count)
        return (UInt16(bigEndian: address.pointee.sin_port), false)
      case AF_INET6:
        let address = raw.assumingMemoryBound(to: sockaddr_in6.self)
        uv_ip6_name(address, &text, text.count)
        return (UInt16(bigEndian: address.pointee.sin6_port), true)
      default: return nil
      }
    }
    guard let named else { return nil }
    host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    port = named.port
    isIPv6 = named.isIPv6
  }

  /// The address itself: 4 bytes, or 16.
  package var bytes: [UInt8] {
    withSockaddr { address in
      let raw = UnsafeRawPointer(address)
      if isIPv6 {
        return withUnsafeBytes(of: raw.assumingMemoryBound(to: sockaddr_in6.self).pointee.sin6_addr) { Array($0) }
      }
      return withUnsafeBytes(of: raw.assumingMemoryBound(to: sockaddr_in.self).pointee.sin_addr) { Array($0) }
    }
  }

  package var isLoopback: Bool { isIPv6 ? host == "::1" : host.hasPrefix("127.") }

  /// The host as it is written in a URL: IPv6 in brackets.
  package var urlHost: String { isIPv6 ? "[\(host)]" : host }

  package var description: String { "\(urlHost):\(port)" }

  /// Passes the address in the system's form.
  func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
    var storage = sockaddr_storage()
    return withUnsafeMutablePointer(to: &storage) { pointer in
      let raw = UnsafeMutableRawPointer(pointer)
      if isIPv6 {
        uv_ip6_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in6.self))
      } else {
        uv_ip4_addr(host, Int32(port), raw.assumingMemoryBound(to: sockaddr_in.self))
      }
      return body(raw.assumingMemoryBound(to: sockaddr.self))
    }
  }
}

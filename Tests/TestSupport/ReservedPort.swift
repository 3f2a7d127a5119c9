#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Keeps a port of loopback: who connects is refused, nobody is given the port by chance, and who asks for it by number may
/// listen, and listen again.
package final class ReservedPort: Sendable {
  private let descriptor: Int32
  package let port: UInt16

  /// - Parameter port: 0 for a free one. Without effect where the port is somebody else's already: to be sure of a port, reserve a free
  ///   one before somebody listens at it.
  package init(_ port: UInt16 = 0) {
    #if canImport(Glibc)
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    let descriptor = socket(AF_INET, kind, 0)
    self.descriptor = descriptor
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    self.port = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        if bind(descriptor, $0, size) != 0 || getsockname(descriptor, $0, &size) != 0 { return port }
        return UInt16(bigEndian: pointer.pointee.sin_port)
      }
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

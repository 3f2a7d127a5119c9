#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A connection to a port of loopback whose calls block.
struct BlockingSocket: Sendable {
  private let descriptor: Int32

  init(port: UInt16) {
    #if canImport(Glibc)
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    if code != 0 { fail("a blocking peer could not connect to port \(port)") }
  }

  /// Sends all bytes; returns `false` if the connection has ended. `taken` is called with what the system takes at a time.
  @discardableResult func send(_ bytes: [UInt8], taken: (Int) -> Void = { _ in }) -> Bool {
    #if canImport(Glibc)
      let flags = Int32(MSG_NOSIGNAL)
    #else
      let flags: Int32 = 0
    #endif
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        systemSend(descriptor, $0.baseAddress.map { $0 + offset }, $0.count - offset, flags)
      }
      if count <= 0 { return false }
      offset += count
      taken(count)
    }
    return true
  }

  /// Receives into `bytes`; returns how many there are, 0 at the end of the connection.
  func receive(_ bytes: inout [UInt8]) -> Int { max(0, recv(descriptor, &bytes, bytes.count, 0)) }

  /// Ends the connection, and with it calls that block.
  func end() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  func free() { close(descriptor) }
}

private func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
  send(descriptor, bytes, count, flags)
}

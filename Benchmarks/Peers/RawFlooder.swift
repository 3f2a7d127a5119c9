import UV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A peer that sends the same frames again and again, as fast as the engine takes them, and throws away what it receives.
///
/// It uses blocking calls on two threads, so that it never waits for its own reading.
final class RawFlooder: Sendable {
  private let descriptor: Int32
  private let isStopped = Lock(false)
  private let sent = Lock(0)
  private let threads = Monitor(2)

  /// Connects to `target` of an engine, sends `first` once, then `frames` until `stop`.
  init(port: UInt16, target: String, first: [UInt8], frames: [UInt8]) {
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
    if code != 0 { fail("the flooding peer could not connect") }
    let request =
      "GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    send(Array(request.utf8) + first)
    _ = startDetachedThread(named: "flood out") { [self] in
      while !isStopped.withLock({ $0 }), send(frames) {}
      threads.withLock { $0 -= 1 }
      threads.wakeAll()
    }
    _ = startDetachedThread(named: "flood in") { [self] in
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      while recv(descriptor, &bytes, bytes.count, 0) > 0 {}
      threads.withLock { $0 -= 1 }
      threads.wakeAll()
    }
  }

  /// Bytes that the engine's system has taken.
  var bytesSent: Int { sent.withLock { $0 } }

  /// Ends the connection and both threads.
  func stop() {
    isStopped.withLock { $0 = true }
    shutdown(descriptor, Int32(SHUT_RDWR))
    _ = threads.wait { $0 == 0 ? true : nil }
    close(descriptor)
  }

  @discardableResult private func send(_ bytes: [UInt8]) -> Bool {
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
      sent.withLock { $0 += count }
    }
    return true
  }
}

private func systemSend(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int, _ flags: Int32) -> Int {
  send(descriptor, bytes, count, flags)
}

import Testing
import UV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct ResetTests {
  /// Bytes and a reset that the loop finds in one poll: libuv reports the end without a buffer.
  @Test func anEndThatComesWithTheLastBytesIsReported() async throws {
    let loop = try Loop(name: "test")
    let received: [UInt8] = try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var received: [UInt8] = []
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { stream in
            stream.onRead = { received += $0 }
            stream.onEnd = { _ in continuation.resume(returning: received) }
            stream.startReading()
          }
          // On the loop's own thread: everything has happened before the loop polls.
          try Self.sendAndReset(Array("last words".utf8), to: listener.address.port)
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(received == Array("last words".utf8))
    #expect(await loop.stop() == 0)
  }

  private struct SocketFailure: Error {}

  private static func sendAndReset(_ bytes: [UInt8], to port: UInt16) throws {
    #if canImport(Glibc)
      let stream = Int32(SOCK_STREAM.rawValue)
    #else
      let stream = SOCK_STREAM
    #endif
    let descriptor = socket(AF_INET, stream, 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    var reset = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
    let sent = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
    close(descriptor)
    if connected != 0 || sent != bytes.count { throw SocketFailure() }
  }
}

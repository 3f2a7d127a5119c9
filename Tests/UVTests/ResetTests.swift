import Testing
import UV

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
          let socket = try PlainSocket(connectedTo: listener.address.port)
          socket.resetWhenClosed()
          socket.send(Array("last words".utf8))
        } catch { continuation.resume(throwing: error) }
      }
    }
    #expect(received == Array("last words".utf8))
    #expect(await loop.stop() == 0)
  }
}

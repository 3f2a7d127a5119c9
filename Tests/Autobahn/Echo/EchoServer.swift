import III
import UV

/// Accepts connections, answers upgrades of any path and echoes; belongs to its loop.
final class EchoServer {
  private let listener: TCPListener

  var address: SocketAddress { listener.address }

  init(on loop: Loop, at address: SocketAddress) throws {
    listener = try TCPListener.listen(on: loop, at: address) { stream in
      var parser = HTTPHeadParser()
      stream.onRead = { bytes in
        switch parser.request(ByteView(UnsafeRawBufferPointer(bytes))) {
        case .needMore: break
        case .malformed: stream.close()
        case .complete(let head, let consumed):
          let verdict = Upgrade.check(head, isKnownPath: true)
          verdict.response.bytes(secondsSinceEpoch: 0).withUnsafeBytes { stream.write($0) }
          guard case .accepted = verdict else { return stream.closeAfterFlush() }
          let connection = EchoConnection(stream, role: .server)
          if consumed < bytes.count { connection.take(UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...])) }
        }
      }
      stream.startReading()
    }
  }
}

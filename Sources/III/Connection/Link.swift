/// An open WebSocket: what carries its bytes, and what turns its bytes into frames. Confined to the loop.
final class Link {
  let transport: Transport
  private var reader: FrameReader
  /// The transport's bytes before the first frame: the handshake.
  private let handshakeBytes: UInt64

  init(_ transport: Transport, limits: FrameLimits) {
    self.transport = transport
    reader = FrameReader(role: .client, limits: limits)
    handshakeBytes = transport.bytesQueued
  }

  /// Bytes of frames that TCP or TLS has accepted.
  var bytesSent: UInt64 {
    let all = transport.bytesSent
    return all - min(handshakeBytes, all)
  }

  /// Hands the frames of one read to `take`, which must not close the link.
  func read(_ bytes: UnsafeMutableRawBufferPointer, _ take: (FrameEvent) -> Void) {
    reader.append(bytes)
    while let event = reader.next() { take(event) }
  }

  func write(_ frame: [UInt8]) { transport.write(frame) }
}

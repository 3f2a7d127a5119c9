internal import UV

/// An open WebSocket: the stream, and what turns its bytes into frames. Confined to the loop.
final class Link {
  let stream: TCPStream
  private var reader: FrameReader
  /// The stream's bytes before the first frame: the handshake.
  private let handshakeBytes: UInt64

  init(_ stream: TCPStream, limits: FrameLimits) {
    self.stream = stream
    reader = FrameReader(role: .client, limits: limits)
    handshakeBytes = stream.bytesQueued
  }

  /// Bytes of frames that TCP has accepted.
  var bytesSent: UInt64 { stream.bytesSent - min(handshakeBytes, stream.bytesSent) }

  /// Hands the frames of one read to `take`, which must not close the link.
  func read(_ bytes: UnsafeMutableRawBufferPointer, _ take: (FrameEvent) -> Void) {
    reader.append(bytes)
    while let event = reader.next() { take(event) }
  }

  func write(_ frame: [UInt8]) { frame.withUnsafeBytes { stream.write($0) } }
}

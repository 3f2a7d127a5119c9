/// An open WebSocket: the transport that carries its bytes, and the reader that turns them into frames. Confined to the loop.
final class Link {
  let transport: Transport
  private var reader: FrameReader
  /// The message above the limit that is being read.
  private var scan = OversizeScan()
  /// The transport's bytes before the first frame: the handshake.
  let handshakeBytes: UInt64

  /// What the engine may add to a message of the largest size: the caller's id, a longer name of the message's type, trace context.
  private static let headroom = 64 << 10

  init(_ transport: Transport, maxMessageBytes: Int) {
    self.transport = transport
    let limit = maxMessageBytes.addingReportingOverflow(Self.headroom)
    let bytes = limit.overflow ? Int.max : limit.partialValue
    reader = FrameReader(
      role: .client, limits: FrameLimits(maxFrameBytes: bytes, maxMessageBytes: bytes, skipsLargeMessages: true))
    handshakeBytes = transport.bytesQueued
  }

  /// The number of bytes of frames that TCP or TLS has accepted.
  var bytesSent: UInt64 {
    let all = transport.bytesSent
    return all - min(handshakeBytes, all)
  }

  enum Event {
    case frame(FrameEvent)
    case oversized(OversizedMessage)
  }

  /// Passes the frames of one read to `take`, which must not close the link.
  func read(_ bytes: UnsafeMutableRawBufferPointer, _ take: (Event) -> Void) {
    reader.append(bytes)
    while let event = reader.next() {
      guard case .skipped(let part, let isLast) = event else {
        take(.frame(event))
        continue
      }
      scan.read(part)
      if isLast {
        take(.oversized(scan.message))
        scan = OversizeScan()
      }
    }
  }

  func write(_ frame: [UInt8]) { transport.write(frame) }
}

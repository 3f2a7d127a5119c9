internal import III
internal import UV

/// One accepted connection, from the first byte of its request to its end. Confined to the engine's loop.
final class Peer {
  /// What the connection is at present.
  enum Phase {
    /// The request's head is being read.
    case handshake
    /// A worker, on `/`.
    case worker(PeerID)
    /// A telemetry connection, on `/otel`: it is listened to and never spoken to.
    case telemetry
    /// An end of a channel.
    case channel(ChannelRelay, ChannelDirection)
    /// Nothing that it sends counts any more.
    case ended
  }

  let stream: TCPStream
  var phase = Phase.handshake
  var head = HTTPHeadParser()
  var reader = FrameReader(role: .server)
  /// The limit of the handshake, then of the closing one.
  var timer: TimerToken?
  /// Whether a warning has been given that the worker does not read.
  var isSlow = false

  init(_ stream: TCPStream) { self.stream = stream }

  /// Writes bytes as they are.
  func send(_ bytes: [UInt8]) {
    stream.withWriteSpace(bytes.count) { memory in ByteWriter.fill(memory) { $0.append(bytes) } }
  }

  /// Writes one message as a text frame; returns its length.
  @discardableResult func send(_ text: some OutgoingText) -> Int {
    let count = text.byteCount
    stream.withWriteSpace(FrameEncoder.size(payload: count, role: .server)) { memory in
      ByteWriter.fill(memory) { writer in
        FrameEncoder.writeHeader(.text, payload: count, maskKey: nil, into: &writer)
        text.compose(into: &writer)
      }
    }
    return count
  }

  /// Writes a whole frame.
  func send(_ opcode: Opcode, _ payload: ByteView) {
    stream.withWriteSpace(FrameEncoder.size(payload: payload.count, role: .server)) { memory in
      ByteWriter.fill(memory) { FrameEncoder.writeFrame(opcode, payload, maskKey: nil, into: &$0) }
    }
  }
}

import III
import UV

/// One connection whose frames are echoed, either role; belongs to its loop.
final class EchoConnection {
  private let stream: TCPStream
  private let role: WebSocketRole
  private var reader: FrameReader
  private var keys = RandomSource()
  /// Gets every whole text message; unset: messages are echoed.
  private let received: ((String) -> Void)?
  private let ended: () -> Void

  /// `ended` is called once, when the connection is over.
  init(
    _ stream: TCPStream, role: WebSocketRole, received: ((String) -> Void)? = nil, ended: @escaping () -> Void = {}
  ) {
    self.stream = stream
    self.role = role
    self.received = received
    self.ended = ended
    reader = FrameReader(role: role)
    // The stream holds its connection until it ends.
    stream.onRead = { self.take($0) }
    stream.onEnd = { _ in self.ended() }
  }

  /// Takes what one read brought.
  func take(_ bytes: UnsafeMutableRawBufferPointer) {
    reader.append(bytes)
    while let event = reader.next() {
      switch event {
      case .text(let text):
        if let received { received(text.string) } else { write(.text, text) }
      case .binary(let bytes): write(.binary, bytes)
      case .ping(let bytes): write(.pong, bytes)
      case .pong, .skipped: break
      case .close(let reason): close(reason.code)
      case .violation(let violation): close(violation.closeCode)
      }
    }
  }

  private func write(_ opcode: Opcode, _ payload: ByteView) {
    let key = role == .client ? keys.maskKey() : nil
    stream.withWriteSpace(FrameEncoder.size(payload: payload.count, role: role)) { memory in
      ByteWriter.fill(memory) { FrameEncoder.writeFrame(opcode, payload, maskKey: key, into: &$0) }
    }
  }

  private func close(_ code: UInt16?) {
    let frame = FrameEncoder.close(code, maskKey: role == .client ? keys.maskKey() : nil)
    frame.withUnsafeBytes { stream.write($0) }
    // The server ends the connection (RFC 6455 §7.1.1); a client waits for that, unless the server is at fault.
    if role == .server {
      stream.closeAfterFlush()
      ended()
    }
  }
}

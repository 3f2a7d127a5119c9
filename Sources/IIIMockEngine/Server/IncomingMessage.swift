internal import III

/// What a peer sent.
enum IncomingMessage {
  case text(ByteView)
  case binary(ByteView)
  /// A control frame, or a part of a message that is skipped: it has been handled.
  case control
  case pong(ByteView)
  /// A Close, or bytes that break the protocol: nothing comes afterwards.
  case end(Router.ConnectionEnd)
}

extension FrameReader {
  /// The next message, control frame or the end of the connection. Control frames are handled here, for all roles of
  /// connections: a ping is answered by `pong`. They count in a connection's share of the turn.
  @inline(__always) mutating func nextMessage(_ pong: (ByteView) -> Void) -> IncomingMessage? {
    guard let event = next() else { return nil }
    switch event {
    case .text(let message): return .text(message)
    case .binary(let message): return .binary(message)
    case .ping(let payload):
      pong(payload)
      return .control
    case .pong(let payload): return .pong(payload)
    case .skipped: return .control
    case .close(let reason): return .end(.closed(reason))
    case .violation(let violation): return .end(.broken(violation))
    }
  }
}

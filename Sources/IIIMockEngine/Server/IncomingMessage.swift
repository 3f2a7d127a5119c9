internal import III

/// What a peer sent, without control frames.
enum IncomingMessage {
  case text(ByteView)
  case binary(ByteView)
  /// A Close, or bytes that break the protocol: nothing comes afterwards.
  case end(Router.ConnectionEnd)
}

extension FrameReader {
  /// The next message or the end of the connection. The control frames before it are handled here, for all roles of
  /// connections: a ping is answered by `pong`, a pong is ignored.
  @inline(__always) mutating func nextMessage(_ pong: (ByteView) -> Void) -> IncomingMessage? {
    while let event = next() {
      switch event {
      case .text(let message): return .text(message)
      case .binary(let message): return .binary(message)
      case .ping(let payload): pong(payload)
      case .pong, .skipped: break
      case .close(let reason): return .end(.closed(reason))
      case .violation(let violation): return .end(.broken(violation))
      }
    }
    return nil
  }
}

internal import III

extension Router {
  /// How a connection ended by what its peer sent.
  enum ConnectionEnd {
    case closed(CloseReason)
    case broken(FrameViolation)
  }

  /// Everything that one read brought from a worker.
  mutating func read(
    _ reader: inout FrameReader, from peer: PeerID, _ output: some RouterOutput
  ) -> ConnectionEnd? {
    now = output.now
    while let event = reader.next() {
      switch event {
      case .text(let message): receive(message, from: peer, output)
      case .binary(let message):
        if !receiveTelemetry(message, from: peer, output) { receive(message, from: peer, output) }
      case .ping(let payload): output.pong(payload, to: peer)
      case .pong: break
      case .close(let reason): return .closed(reason)
      case .violation(let violation): return .broken(violation)
      }
    }
    return nil
  }

  /// Everything that one read brought on `/otel`, where only telemetry counts and only pings are answered.
  mutating func readTelemetry(
    _ reader: inout FrameReader, _ output: some RouterOutput, pong: (ByteView) -> Void
  ) -> ConnectionEnd? {
    now = output.now
    while let event = reader.next() {
      switch event {
      case .text, .pong: break
      case .binary(let message):
        if !receiveTelemetry(message, from: .none, output) {
          ignoreTelemetry("frame", "no telemetry: it begins with none of OTLP, MTRC, LOGS", from: .none, output)
        }
      case .ping(let payload): pong(payload)
      case .close(let reason): return .closed(reason)
      case .violation(let violation): return .broken(violation)
      }
    }
    return nil
  }
}

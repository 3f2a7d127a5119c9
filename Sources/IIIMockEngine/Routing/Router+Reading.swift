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
    while let event = reader.next() {
      switch event {
      case .text(let message): receive(message, from: peer, output)
      case .binary(let message): if !isTelemetry(message) { receive(message, from: peer, output) }
      case .ping(let payload): output.pong(payload, to: peer)
      case .pong: break
      case .close(let reason): return .closed(reason)
      case .violation(let violation): return .broken(violation)
      }
    }
    return nil
  }

  /// OTLP as JSON behind four letters: traces, metrics, logs. Nobody keeps it yet, and nobody answers it.
  private func isTelemetry(_ message: ByteView) -> Bool {
    guard message.count >= 4 else { return false }
    let prefix = message.prefix(4)
    return prefix == "OTLP" || prefix == "MTRC" || prefix == "LOGS"
  }
}

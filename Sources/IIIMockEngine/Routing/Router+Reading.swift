internal import III

extension Router {
  /// How a peer ended its connection by what it sent.
  enum ConnectionEnd {
    case closed(CloseReason)
    case broken(FrameViolation)
  }

  /// Handles the frames of one read of a worker's connection.
  mutating func read(
    _ reader: inout FrameReader, from peer: PeerID, _ output: some RouterOutput
  ) -> ConnectionEnd? {
    beginTurn(output)
    while let event = reader.next() {
      switch event {
      case .text(let message): receive(message, from: peer, output)
      case .binary(let message):
        if !receive(binary: message, from: peer) { receive(message, from: peer, output) }
      case .ping(let payload): output.pong(payload, to: peer)
      case .pong, .skipped: break
      case .close(let reason): return .closed(reason)
      case .violation(let violation): return .broken(violation)
      }
      if !outbox.isEmpty { emptyOutbox(output) }
    }
    return nil
  }
}

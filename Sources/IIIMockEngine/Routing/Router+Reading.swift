internal import III

extension Router {
  /// How a peer ended its connection by what it sent.
  enum ConnectionEnd {
    case closed(CloseReason)
    case broken(FrameViolation)
  }

  /// The messages that one read brought from a worker, as many as its share of the turn allows.
  mutating func read(
    _ reader: inout FrameReader, from peer: PeerID, within budget: ReadBudget, _ output: some RouterOutput
  ) -> ConnectionEnd? {
    access.applyCommands()
    beginTurn(output)
    applyStubCommands(output)
    while let message = reader.nextMessage({ answer(ping: $0, of: peer, output) }) {
      switch message {
      case .text(let bytes):
        journal.received(bytes, isText: true)
        if faults.concernsFrames {
          if let end = receiveThroughFaults(bytes, isText: true, from: peer, output) { return end }
        } else {
          receive(bytes, from: peer, output)
        }
        journal.frameEnded()
      case .binary(let bytes):
        journal.received(bytes, isText: false)
        if faults.concernsFrames {
          if let end = receiveThroughFaults(bytes, isText: false, from: peer, output) { return end }
        } else if !receive(binary: bytes, from: peer) {
          receive(bytes, from: peer, output)
        }
        journal.frameEnded()
      case .pong(let payload): output.ponged(payload, from: peer)
      case .control: break
      case .end(let end): return end
      }
      if !outbox.isEmpty { emptyOutbox(output) }
      if reader.hasMore && budget.isSpent() { break }
    }
    return nil
  }

  private func answer(ping payload: ByteView, of peer: PeerID, _ output: some RouterOutput) {
    journal.received(ping: payload)
    output.pong(payload, to: peer)
  }
}

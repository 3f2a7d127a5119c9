internal import III

/// The effects of the router: carried out by the engine, recorded by tests.
protocol RouterOutput: BuiltInServices {
  /// Sends a message, whose parts are valid during the call; returns its length in bytes.
  @discardableResult func send(text: some OutgoingText, to peer: PeerID) -> Int
  /// Answers a WebSocket ping.
  func pong(_ payload: ByteView, to peer: PeerID)
  /// A WebSocket ping was answered.
  func ponged(_ payload: ByteView, from peer: PeerID)
  /// Drops a connection without a Close; the router has forgotten it already.
  func drop(_ peer: PeerID, because reason: String)
  /// Handles nothing more of a worker's connection until `resume`, not even pings.
  func pause(_ peer: PeerID)
  func resume(_ peer: PeerID)
  /// A connection was authenticated, or refused. It becomes a worker later, when the router is not being changed.
  func authenticated(_ token: AuthenticationToken, _ verdict: Result<AccessSession, AccessSession.Refusal>)
  /// A worker has reported its name.
  func named(_ peer: PeerID, _ name: String?)
  /// Has a fault's effect on a connection, when the router is not being changed.
  func inflict(_ fault: ActiveFault, on connection: UInt32)
  /// Has a message of a worker handled after a span of the engine's time.
  func deliver(_ message: [UInt8], isText: Bool, from peer: PeerID, connection: UInt32, after span: Duration)
  /// A message of a call does not reach its receiver, by a fault: the call is not under way until it does.
  func hold(_ invocation: UUID128)
  /// Has held messages handled soon if there is no next one that they come after.
  func releaseHeld(_ place: FaultTable.Held.Place, of peer: PeerID)
  /// Whether the work of the loop's turn should end now, so that others have their turn.
  var isTurnOver: Bool { get }
}

extension RouterOutput {
  var isTurnOver: Bool { false }
  func ponged(_ payload: ByteView, from peer: PeerID) {}
  func named(_ peer: PeerID, _ name: String?) {}
  func inflict(_ fault: ActiveFault, on connection: UInt32) {}
  func hold(_ invocation: UUID128) {}
  func deliver(_ message: [UInt8], isText: Bool, from peer: PeerID, connection: UInt32, after span: Duration) {}
  func releaseHeld(_ place: FaultTable.Held.Place, of peer: PeerID) {}
}

extension Router {
  /// Sends a message of the engine's own, or one that is rare. The log says so where the receiver's SDK is known to
  /// refuse a message of its size.
  func send(_ frame: OutgoingFrame, to peer: PeerID, _ output: some RouterOutput) {
    send(text: frame, to: peer, output)
  }

  /// As above, a message of any kind. Inlined, because the compiler would copy the router for a call.
  @inline(__always) func send(text: some OutgoingText, to peer: PeerID, _ output: some RouterOutput) {
    let count = output.send(text: text, to: peer)
    if count > LargeMessageHint.threshold, let worker = workers[peer] {
      Router.warn(ofMessage: count, to: worker, output)
    }
  }

  /// Says so where it is known that the receiver's SDK will not take a message of that size. It is given the worker and
  /// not the router, which would be copied for the call, and before each message.
  private static func warn(ofMessage count: Int, to worker: WorkerRecord, _ output: some RouterOutput) {
    guard let hint = LargeMessageHint.text(count, to: worker.metadata) else { return }
    output.note(.largeMessage(worker: worker.label, bytes: count, hint: hint))
  }
}

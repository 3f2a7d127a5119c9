internal import III

/// What the router has done: carried out by whoever owns the connections, recorded by tests.
protocol RouterOutput: AnyObject {
  /// Sends a message, whose parts are valid during the call; returns its length in bytes.
  @discardableResult func send(text: some OutgoingText, to peer: PeerID) -> Int
  /// Answers a WebSocket ping.
  func pong(_ payload: ByteView, to peer: PeerID)
  /// Drops a connection without a Close; the router has forgotten it already.
  func drop(_ peer: PeerID, because reason: String)
  /// Whether anybody reads events: those that cost something to make are made only then.
  var wantsEvents: Bool { get }
  func note(_ event: EngineEvent)
  /// Makes a channel that holds so many messages, or as many as is usual.
  func makeChannel(capacity: Int?) -> ChannelName
  /// The present by the engine's time source, for spans of time; nanoseconds.
  var now: UInt64 { get }
  /// The present by the clock on the wall, for time stamps; nanoseconds since 1970.
  var wallClock: UInt64 { get }
}

extension RouterOutput {
  /// As `send(text:to:)`, for what is not sent often.
  @discardableResult func send(_ frame: OutgoingFrame, to peer: PeerID) -> Int { send(text: frame, to: peer) }
}

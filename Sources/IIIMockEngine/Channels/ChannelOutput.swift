internal import III

/// What a channel does to the sockets at its ends: carried out by its relay, recorded by tests.
///
/// Called while the channel is being changed: nothing here may look at it.
protocol ChannelOutput: AnyObject {
  /// Sends the reader a message; returns whether it takes more now. If not, `readerDrained` follows, or its end.
  func deliver(_ bytes: ByteView, isText: Bool) -> Bool
  /// Tells the reader that nothing more comes, and ends its connection.
  func finishReader()
  /// What faults make of a message that came from the writer: the messages that are handled in its place, if any; `nil`
  /// if no fault concerns it.
  func throughFaults(_ bytes: ByteView, isText: Bool) -> [FaultTable.Held]?
  /// Answers the writer's ping.
  func pong(_ payload: ByteView)
  /// Whether the writer's further messages have to wait for the next turn.
  var isTurnOver: Bool { get }
  /// Stops reading the writer's connection.
  func pauseWriter()
  func resumeWriter()
  /// Answers the writer's Close, and ends its connection.
  func answerClose(_ reason: CloseReason)
  /// Ends the writer's connection without a Close.
  func dropWriter()
}

extension ChannelOutput {
  func throughFaults(_ bytes: ByteView, isText: Bool) -> [FaultTable.Held]? { nil }
}

/// What a `FrameReader` found in the bytes: a whole message, a control frame, or the end.
///
/// Views are valid until the reader's next call.
package enum FrameEvent {
  /// A whole text message: valid UTF-8.
  case text(ByteView)
  /// A whole binary message.
  case binary(ByteView)
  /// A part of a message above the limit, from a reader that skips such messages. Text is not checked to be UTF-8.
  case skipped(ByteView, isLast: Bool)
  case ping(ByteView)
  case pong(ByteView)
  /// The peer closes; nothing it sends afterwards counts.
  case close(CloseReason)
  /// The peer broke the protocol or a limit; nothing it sends afterwards counts.
  case violation(FrameViolation)
}

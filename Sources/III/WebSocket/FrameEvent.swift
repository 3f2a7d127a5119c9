/// What a `FrameReader` found in the bytes: a whole message, a control frame, or the end.
///
/// Views are valid until the reader's next call.
package enum FrameEvent {
  /// A whole text message: valid UTF-8.
  case text(ByteView)
  /// A whole binary message.
  case binary(ByteView)
  /// A part of a message above the limit, from a reader that skips such messages. Its text is not checked to be UTF-8.
  case skipped(ByteView, isLast: Bool)
  case ping(ByteView)
  case pong(ByteView)
  /// The peer closes the connection; everything that it sends afterwards is ignored.
  case close(CloseReason)
  /// The peer violated the protocol or a limit; everything that it sends afterwards is ignored.
  case violation(FrameViolation)
}

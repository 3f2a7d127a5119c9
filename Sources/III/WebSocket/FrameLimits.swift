/// The limits for one frame and one message. A larger message is a violation, which is detected from the frame's header, or is skipped.
package struct FrameLimits: Sendable {
  /// The most payload bytes of one frame.
  package var maxFrameBytes = 16 << 20
  /// The most payload bytes of all fragments of a message together.
  package var maxMessageBytes = 64 << 20
  /// Whether a larger message is passed on in parts and not stored, instead of ending the connection.
  package var skipsLargeMessages = false

  /// A larger frame is not skipped, because its header is probably wrong.
  static let largestSkippedFrame = 1 << 30

  package init(maxFrameBytes: Int = 16 << 20, maxMessageBytes: Int = 64 << 20, skipsLargeMessages: Bool = false) {
    self.maxFrameBytes = maxFrameBytes
    self.maxMessageBytes = maxMessageBytes
    self.skipsLargeMessages = skipsLargeMessages
  }
}

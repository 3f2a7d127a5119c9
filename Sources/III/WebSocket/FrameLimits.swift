/// How much a peer may send at once. A larger message is a violation, which is found from the frame's header alone, or is skipped.
package struct FrameLimits: Sendable {
  /// Payload bytes of one frame.
  package var maxFrameBytes = 16 << 20
  /// Payload bytes of all fragments of a message together.
  package var maxMessageBytes = 64 << 20
  /// Whether a larger message is shown part by part and not kept, instead of ending the connection.
  package var skipsLargeMessages = false

  /// A larger frame is not skipped: more likely its header is wrong.
  static let largestSkippedFrame = 1 << 30

  package init(maxFrameBytes: Int = 16 << 20, maxMessageBytes: Int = 64 << 20, skipsLargeMessages: Bool = false) {
    self.maxFrameBytes = maxFrameBytes
    self.maxMessageBytes = maxMessageBytes
    self.skipsLargeMessages = skipsLargeMessages
  }
}

/// How much a peer may send at once; one byte more is a violation, told from the frame's header alone.
package struct FrameLimits: Sendable {
  /// Payload bytes of one frame.
  package var maxFrameBytes = 16 << 20
  /// Payload bytes of all fragments of a message together.
  package var maxMessageBytes = 64 << 20

  package init(maxFrameBytes: Int = 16 << 20, maxMessageBytes: Int = 64 << 20) {
    self.maxFrameBytes = maxFrameBytes
    self.maxMessageBytes = maxMessageBytes
  }
}

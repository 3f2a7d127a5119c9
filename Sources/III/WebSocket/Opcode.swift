/// The kind of a frame (RFC 6455 §5.2).
@usableFromInline package enum Opcode: UInt8, Sendable {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  /// Control frames are never fragmented and may come between the fragments of a message.
  package var isControl: Bool { rawValue >= 8 }
}

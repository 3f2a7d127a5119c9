internal import UV

/// Makes whole masked frames, on any thread.
enum ClientFrame {
  /// Threads share them: each call draws a mask key.
  private static let keys = StripedLock { RandomSource() }

  private static func maskKey() -> UInt32 { keys.withLock { $0.maskKey() } }

  /// A text message of `count` bytes, which `fill` writes: one frame, or fragments if it is too large for one.
  static func text(count: Int, _ fill: (inout ByteWriter) -> Void) -> [UInt8] {
    guard count > FrameEncoder.largestFrame else {
      return FrameEncoder.frame(.text, payload: count, maskKey: maskKey(), fill)
    }
    let message = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      ByteWriter.fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]), fill)
      initialized = count
    }
    var keys = RandomSource()
    return message.withView { FrameEncoder.clientMessage(.text, $0, keys: &keys) }
  }

  static func ping() -> [UInt8] { FrameEncoder.frame(.ping, .empty, maskKey: maskKey()) }

  static func pong(_ payload: ByteView) -> [UInt8] { FrameEncoder.frame(.pong, payload, maskKey: maskKey()) }

  static func close(_ code: UInt16?, reason: String = "") -> [UInt8] {
    FrameEncoder.close(code, reason: reason, maskKey: maskKey())
  }
}

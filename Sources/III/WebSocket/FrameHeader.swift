/// The first 2 to 14 bytes of a frame (RFC 6455 §5.2).
struct FrameHeader {
  var opcode = Opcode.continuation
  var isFinal = false
  var payload = 0
  /// The key's bytes in memory order; 0 if the frame is not masked.
  var maskKey: UInt32 = 0

  enum Outcome {
    /// The header is complete, and has this many bytes.
    case complete(Int)
    case incomplete
    case violation(FrameViolation)
  }

  /// Reads a header at `bytes`. An error in its first two bytes is reported without the rest.
  @inline(__always)
  mutating func read(_ bytes: UnsafeRawPointer, count: Int, role: WebSocketRole) -> Outcome {
    guard count >= 2 else { return .incomplete }
    let first = bytes.load(as: UInt8.self)
    let second = bytes.load(fromByteOffset: 1, as: UInt8.self)
    let short = Int(second & 0x7F)
    let isMasked = second & 0x80 != 0
    guard first & 0x70 == 0, let opcode = Opcode(rawValue: first & 0x0F), isMasked == (role == .server),
      first & 0x08 == 0 || (first & 0x80 != 0 && short <= 125)
    else { return .violation(Self.violation(first, second, role)) }

    var size = 2
    var payload = short
    if short == 126 {
      guard count >= 4 else { return .incomplete }
      payload = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
      size = 4
    } else if short == 127 {
      guard count >= 10 else { return .incomplete }
      // A length that could have been encoded shorter is accepted, as most peers do.
      guard let long = Int(exactly: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))) else {
        return .violation(.protocolError("the highest bit of a length is set"))
      }
      payload = long
      size = 10
    }
    if isMasked {
      guard count >= size &+ 4 else { return .incomplete }
      maskKey = bytes.loadUnaligned(fromByteOffset: size, as: UInt32.self)
      size &+= 4
    }
    self.opcode = opcode
    self.payload = payload
    isFinal = first & 0x80 != 0
    return .complete(size)
  }

  /// The rule that the first two bytes violate.
  private static func violation(_ first: UInt8, _ second: UInt8, _ role: WebSocketRole) -> FrameViolation {
    if first & 0x70 != 0 { return .protocolError("reserved bits are set, but no extension was negotiated") }
    guard let opcode = Opcode(rawValue: first & 0x0F) else {
      return .protocolError("opcode \(first & 0x0F) is reserved")
    }
    if opcode.isControl {
      if first & 0x80 == 0 { return .protocolError("a fragmented \(opcode) frame") }
      if second & 0x7F > 125 { return .protocolError("a \(opcode) frame of more than 125 bytes") }
    }
    return .protocolError(role == .server ? "a client's frame is not masked" : "a server's frame is masked")
  }

  /// The bytes of an incomplete header, stored in place.
  struct Prefix {
    private var bytes = SIMD16<UInt8>()
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// Appends up to 14 bytes, the largest size of a header.
    mutating func append(_ source: UnsafeRawPointer, count added: Int) {
      for index in 0..<min(added, 14 - count) {
        bytes[count] = source.load(fromByteOffset: index, as: UInt8.self)
        count += 1
      }
    }

    mutating func removeAll() { count = 0 }

    func withBytes<Result>(_ body: (UnsafeRawPointer, Int) -> Result) -> Result {
      withUnsafePointer(to: bytes) { body(UnsafeRawPointer($0), count) }
    }
  }
}

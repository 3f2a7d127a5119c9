import III

/// A valid or invalid frame, written byte by byte; it shares no code with `FrameEncoder`.
struct WireFrame {
  var first: UInt8
  var payload: [UInt8] = []
  /// Nil for an unmasked frame.
  var mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
  /// Overrides the length field.
  var announced: UInt64?
  /// 0, 2 or 8: overrides the size of the length field.
  var lengthBytes: Int?

  init(
    _ opcode: UInt8, _ payload: [UInt8] = [], fin: Bool = true, reserved: UInt8 = 0,
    mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
  ) {
    first = (fin ? 0x80 : 0) | reserved | opcode
    self.payload = payload
    self.mask = mask
  }

  static func text(_ text: String, fin: Bool = true, mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]) -> WireFrame {
    WireFrame(1, Array(text.utf8), fin: fin, mask: mask)
  }

  static func more(_ text: String, fin: Bool, mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]) -> WireFrame {
    WireFrame(0, Array(text.utf8), fin: fin, mask: mask)
  }

  var bytes: [UInt8] {
    let length = announced ?? UInt64(payload.count)
    let form = lengthBytes ?? (length < 126 ? 0 : length < 65536 ? 2 : 8)
    var bytes = [first]
    bytes.append((mask == nil ? 0 : 0x80) | (form == 0 ? UInt8(length) : form == 2 ? 126 : 127))
    for shift in stride(from: form * 8 - 8, through: 0, by: -8) { bytes.append(UInt8(length >> UInt64(shift) & 0xFF)) }
    guard let mask else { return bytes + payload }
    bytes += mask
    for (index, byte) in payload.enumerated() { bytes.append(byte ^ mask[index % 4]) }
    return bytes
  }
}

/// The bytes of the frames, one after another.
func wire(_ frames: WireFrame...) -> [UInt8] { frames.flatMap(\.bytes) }

import III

/// A frame as a test wants it on the wire, right or wrong, written byte by byte: shares no line with `FrameEncoder`.
struct WireFrame {
  var first: UInt8
  var payload: [UInt8] = []
  /// Nil: not masked.
  var mask: [UInt8]? = [0x37, 0xFA, 0x21, 0x3D]
  /// Overrides the length field.
  var announced: UInt64?
  /// 0, 2 or 8: overrides the form of the length.
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

/// The frames one after another.
func wire(_ frames: WireFrame...) -> [UInt8] { frames.flatMap(\.bytes) }

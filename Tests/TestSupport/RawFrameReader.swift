/// Cuts bytes into frames and judges nothing: apart from the codec under test on purpose.
struct RawFrameReader {
  private var bytes: [UInt8] = []
  private var start = 0

  mutating func append(_ chunk: UnsafeMutableRawBufferPointer) {
    if start > 0 && start == bytes.count {
      bytes.removeAll(keepingCapacity: true)
      start = 0
    } else if start > 1 << 20 && start > bytes.count / 2 {
      bytes.removeFirst(start)
      start = 0
    }
    bytes.append(contentsOf: chunk)
  }

  mutating func append(_ chunk: ArraySlice<UInt8>) { bytes.append(contentsOf: chunk) }

  /// The next whole frame, unmasked if it was masked.
  mutating func next() -> RawFrame? {
    let available = bytes.count - start
    guard available >= 2 else { return nil }
    let first = bytes[start]
    let second = bytes[start + 1]
    var count = Int(second & 0x7f)
    var head = 2
    if count >= 126 {
      let width = count == 126 ? 2 : 8
      guard available >= 2 + width else { return nil }
      count = bytes[(start + 2)..<(start + 2 + width)].reduce(0) { $0 << 8 | Int($1) }
      head += width
    }
    let isMasked = second & 0x80 != 0
    if isMasked { head += 4 }
    guard available >= head + count else { return nil }
    let from = start + head
    var payload = Array(bytes[from..<(from + count)])
    if isMasked {
      for index in payload.indices { payload[index] ^= bytes[from - 4 + index & 3] }
    }
    start = from + count
    return RawFrame(
      opcode: first & 0x0f, payload: payload, isFinal: first & 0x80 != 0, reserved: first >> 4 & 7,
      isMasked: isMasked)
  }
}

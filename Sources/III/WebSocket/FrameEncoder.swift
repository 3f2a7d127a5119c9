/// Writes frames: into reserved memory, or as a new array.
///
/// A mask key has its bytes in memory order, as `RandomSource.maskKey` returns it; nil on a server, which does not mask.
@usableFromInline package enum FrameEncoder {
  /// A client sends larger messages in fragments, because real engines accept no larger frame.
  package static let largestFrame = 16 << 20
  /// The size of those fragments.
  package static let fragmentBytes = 1 << 20

  /// The size of the header of a frame with this payload.
  @inlinable package static func headerSize(payload: Int, role: WebSocketRole) -> Int {
    let length = payload < 126 ? 2 : payload <= 0xFFFF ? 4 : 10
    return role == .client ? length + 4 : length
  }

  /// The size of a whole frame with this payload.
  @inlinable package static func size(payload: Int, role: WebSocketRole) -> Int {
    headerSize(payload: payload, role: role) + payload
  }

  /// Writes a header. A caller that passes a key must mask the payload with it.
  @inlinable package static func writeHeader(
    _ opcode: Opcode, fin: Bool = true, payload: Int, maskKey: UInt32?, into writer: inout ByteWriter
  ) {
    let mask: UInt8 = maskKey == nil ? 0 : 0x80
    writer.append((fin ? 0x80 : 0) | opcode.rawValue)
    if payload < 126 {
      writer.append(mask | UInt8(truncatingIfNeeded: payload))
    } else if payload <= 0xFFFF {
      writer.append(mask | 126)
      writer.append(bigEndian: UInt16(truncatingIfNeeded: payload))
    } else {
      writer.append(mask | 127)
      writer.append(bigEndian: UInt64(payload))
    }
    if let maskKey { writer.append(bigEndian: UInt32(bigEndian: maskKey)) }
  }

  /// Masks or unmasks in place.
  package static func mask(_ bytes: UnsafeMutableRawBufferPointer, key: UInt32) {
    guard let base = bytes.baseAddress else { return }
    Masking.apply(key, to: base, count: bytes.count)
  }

  /// Writes a whole frame; a masked payload is copied and masked in one pass.
  package static func writeFrame(
    _ opcode: Opcode, _ payload: ByteView, fin: Bool = true, maskKey: UInt32?, into writer: inout ByteWriter
  ) {
    writeHeader(opcode, fin: fin, payload: payload.count, maskKey: maskKey, into: &writer)
    if let maskKey {
      writer.append(masked: payload, key: maskKey)
    } else {
      writer.append(payload)
    }
  }

  /// A whole frame in one allocation.
  package static func frame(
    _ opcode: Opcode, _ payload: ByteView, fin: Bool = true, maskKey: UInt32?
  ) -> [UInt8] {
    let size = size(payload: payload.count, role: maskKey == nil ? .server : .client)
    return bytes(size) { writeFrame(opcode, payload, fin: fin, maskKey: maskKey, into: &$0) }
  }

  /// A whole frame in one allocation, whose payload of `count` bytes `fill` writes in place.
  package static func frame(
    _ opcode: Opcode, payload count: Int, fin: Bool = true, maskKey: UInt32?, _ fill: (inout ByteWriter) -> Void
  ) -> [UInt8] {
    let size = size(payload: count, role: maskKey == nil ? .server : .client)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, initialized in
      let memory = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<size])
      var writer = ByteWriter(memory)
      writeHeader(opcode, fin: fin, payload: count, maskKey: maskKey, into: &writer)
      fill(&writer)
      precondition(writer.remaining == 0, "\(writer.remaining) bytes of the payload were not written")
      if let maskKey { mask(UnsafeMutableRawBufferPointer(rebasing: memory[(size - count)...]), key: maskKey) }
      initialized = size
    }
  }

  /// A whole message of a client in one allocation: one frame, or fragments if it is larger than `largestFrame`.
  package static func clientMessage(
    _ opcode: Opcode, _ payload: ByteView, keys: inout RandomSource, largestFrame: Int = largestFrame,
    fragmentBytes: Int = fragmentBytes
  ) -> [UInt8] {
    guard payload.count > largestFrame else { return frame(opcode, payload, maskKey: keys.maskKey()) }
    let (whole, rest) = payload.count.quotientAndRemainder(dividingBy: fragmentBytes)
    let size =
      whole * size(payload: fragmentBytes, role: .client) + (rest > 0 ? self.size(payload: rest, role: .client) : 0)
    return bytes(size) { writer in
      var left = payload
      var opcode = opcode
      while !left.isEmpty {
        let fragment = left.prefix(min(fragmentBytes, left.count))
        left = left.dropFirst(fragment.count)
        writeFrame(opcode, fragment, fin: left.isEmpty, maskKey: keys.maskKey(), into: &writer)
        opcode = .continuation
      }
    }
  }

  /// A Close frame; without a code its payload is empty. A reason that is too long is cut between two characters.
  package static func close(_ code: UInt16?, reason: String = "", maskKey: UInt32?) -> [UInt8] {
    guard let code else { return frame(.close, .empty, maskKey: maskKey) }
    var payload = [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
    payload.append(contentsOf: reason.utf8.prefix(closeReasonBytes(reason)))
    return payload.withView { frame(.close, $0, maskKey: maskKey) }
  }

  /// How many bytes of a reason fit beside the code: at most 123, and only whole scalars.
  private static func closeReasonBytes(_ reason: String) -> Int {
    let utf8 = reason.utf8
    guard var end = utf8.index(utf8.startIndex, offsetBy: 123, limitedBy: utf8.endIndex) else { return utf8.count }
    while end != utf8.endIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
    return utf8.distance(from: utf8.startIndex, to: end)
  }

  /// Exactly `count` bytes, written by `fill`.
  private static func bytes(_ count: Int, _ fill: (inout ByteWriter) -> Void) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      var writer = ByteWriter(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      fill(&writer)
      precondition(writer.remaining == 0, "\(writer.remaining) bytes of the frame were not written")
      initialized = count
    }
  }
}

extension ByteWriter {
  /// Copies and masks in one pass.
  package mutating func append(masked view: ByteView, key: UInt32) {
    precondition(room >= view.count)
    Masking.copy(view.base, to: next, count: view.count, key: key)
    next += view.count
    room -= view.count
  }
}

/// A cursor over memory that was reserved for exactly the bytes to write.
///
/// Writing more bytes than reserved traps; the size is computed first.
@usableFromInline package struct ByteWriter {
  @usableFromInline var next: UnsafeMutableRawPointer
  @usableFromInline var room: Int

  @inlinable package init(_ memory: UnsafeMutableRawBufferPointer) {
    next = memory.baseAddress ?? UnsafeMutableRawPointer(mutating: ByteView.emptyBase)
    room = memory.count
  }

  /// The number of bytes that are not written yet.
  @inlinable package var remaining: Int { room }

  /// Fills `memory` with `body`.
  @inlinable package static func fill(
    _ memory: UnsafeMutableRawBufferPointer, _ body: (inout ByteWriter) -> Void
  ) {
    var writer = ByteWriter(memory)
    body(&writer)
    assert(writer.room == 0, "\(writer.room) reserved bytes were not written")
  }

  @inlinable package mutating func append(_ byte: UInt8) {
    precondition(room >= 1)
    next.storeBytes(of: byte, as: UInt8.self)
    next += 1
    room -= 1
  }

  // Always inlined: for a literal the length is then a constant, and the copy becomes a few stores.
  @inlinable @inline(__always) package mutating func append(_ view: ByteView) {
    precondition(room >= view.count)
    next.copyMemory(from: view.base, byteCount: view.count)
    next += view.count
    room -= view.count
  }

  @inlinable @inline(__always) package mutating func append(_ text: StaticString) { append(ByteView(text)) }

  @inlinable package mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append(ByteView($0)) } }

  /// Appends a big-endian integer, such as a WebSocket length.
  @inlinable package mutating func append<Integer: FixedWidthInteger>(bigEndian value: Integer) {
    precondition(room >= MemoryLayout<Integer>.size)
    next.storeBytes(of: value.bigEndian, as: Integer.self)
    next += MemoryLayout<Integer>.size
    room -= MemoryLayout<Integer>.size
  }
}

extension ByteWriter {
  /// Exactly `count` bytes, written by `fill`.
  package static func bytes(_ count: Int, _ fill: (inout ByteWriter) -> Void) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      self.fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]), fill)
      initialized = count
    }
  }

  /// The next `count` reserved bytes, all of which the caller must write.
  @inline(__always) mutating func claim(_ count: Int) -> UnsafeMutableRawPointer {
    precondition(count >= 0 && room >= count)
    let start = next
    next += count
    room -= count
    return start
  }
}

internal import UV

/// Byte strings in the order in which they were appended; the oldest are discarded. The memory is a queue of chunks, and a chunk without
/// live bytes is used again, so that a log of constant size allocates nothing.
///
/// A byte string is found again by its position: the number of bytes that were appended before it, including the unused ends of chunks.
package final class ByteLog {
  private struct Chunk {
    let memory: UnsafeMutableRawPointer
    let capacity: Int
    /// The position of its first byte.
    let start: UInt64
  }

  /// The chunks with live bytes, oldest first; the last one is being filled.
  private var chunks: [Chunk] = []
  /// A chunk of the usual size that has no live bytes.
  private var spare: UnsafeMutableRawPointer?
  private let chunkBytes: Int
  /// About what the next byte string will need: so much of its memory is prefetched.
  private static let prefetched = 512

  // Unchecked, because the checks at run time would cost more than a short copy. No access overlaps another one: nothing is called
  // while one of these is being changed.

  /// Where the next byte goes, in the last chunk.
  @exclusivity(unchecked) private var cursor: UnsafeMutableRawPointer?
  @exclusivity(unchecked) private var room = 0
  @exclusivity(unchecked) private var next: UInt64 = 0

  /// Called before a chunk is added, with its size: the moment to discard bytes.
  package var onGrowth: ((Int) -> Void)?

  package init(chunkBytes: Int = 256 << 10) { self.chunkBytes = max(chunkBytes, 1) }

  deinit {
    for chunk in chunks { chunk.memory.deallocate() }
    spare?.deallocate()
  }

  /// The position of the next byte string, unless it begins a chunk.
  package var position: UInt64 { next }

  /// The memory of the chunks with live bytes.
  package var allocatedBytes: Int { chunks.reduce(0) { $0 + $1.capacity } }

  /// The position after the oldest chunk; `nil` if there is at most one.
  package var oldestChunkEnd: UInt64? { chunks.count > 1 ? chunks[1].start : nil }

  /// Appends a copy of `bytes`; returns its position.
  package func append(_ bytes: ByteView) -> UInt64 {
    let memory = reserve(bytes.count)
    memory.copyMemory(from: bytes.unsafeBytes.baseAddress ?? UnsafeRawPointer(memory), byteCount: bytes.count)
    return next &- UInt64(bytes.count)
  }

  /// Appends `count` bytes, which `fill` writes; returns their position.
  package func append(_ count: Int, _ fill: (inout ByteWriter) -> Void) -> UInt64 {
    let memory = reserve(count)
    ByteWriter.fill(UnsafeMutableRawBufferPointer(start: memory, count: count), fill)
    return next &- UInt64(count)
  }

  private func reserve(_ count: Int) -> UnsafeMutableRawPointer {
    if let cursor, count <= room {
      self.cursor = cursor + count
      room &-= count
      next &+= UInt64(count)
      prefetchForWriting(cursor + count, count: min(room, ByteLog.prefetched))
      return cursor
    }
    let memory = grow(count)
    cursor = memory + count
    room -= count
    next += UInt64(count)
    return memory
  }

  /// Begins a chunk with room for `count` bytes.
  private func grow(_ count: Int) -> UnsafeMutableRawPointer {
    let capacity = max(chunkBytes, count)
    onGrowth?(capacity)
    let memory: UnsafeMutableRawPointer
    if capacity == chunkBytes, let spare {
      memory = spare
      self.spare = nil
    } else {
      memory = .allocate(byteCount: capacity, alignment: 16)
    }
    chunks.append(Chunk(memory: memory, capacity: capacity, start: next))
    room = capacity
    return memory
  }

  /// The `count` bytes at a position, valid until bytes are appended or discarded; `nil` if they are not live.
  package func bytes(at position: UInt64, count: Int) -> ByteView? {
    guard let chunk = chunks.last(where: { $0.start <= position }), position + UInt64(count) <= next,
      Int(position - chunk.start) + count <= chunk.capacity
    else { return nil }
    return ByteView(chunk.memory + Int(position - chunk.start), count: count)
  }

  /// Discards the bytes before a position: chunks that end before it are used again.
  package func discard(before position: UInt64) {
    var count = 0
    while count + 1 < chunks.count, chunks[count + 1].start <= position {
      let chunk = chunks[count]
      if spare == nil && chunk.capacity == chunkBytes { spare = chunk.memory } else { chunk.memory.deallocate() }
      count += 1
    }
    chunks.removeFirst(count)
  }

  /// Discards everything; positions go on.
  package func removeAll() {
    for chunk in chunks { chunk.memory.deallocate() }
    spare?.deallocate()
    spare = nil
    chunks = []
    cursor = nil
    room = 0
  }
}

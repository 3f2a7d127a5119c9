internal import CUV

/// Buffers for bytes that a loop's streams are about to send or have to handle later. They are kept here between turns,
/// so that an idle stream holds none.
struct BufferPool {
  /// The size of a pooled buffer; larger ones are allocated and freed as needed.
  static let unit = 64 << 10
  private static let kept = 64

  private var free: [UnsafeMutableRawPointer] = []

  mutating func take() -> UnsafeMutableRawPointer {
    free.popLast() ?? UnsafeMutableRawPointer.allocate(byteCount: BufferPool.unit, alignment: 16)
  }

  mutating func give(_ buffer: UnsafeMutableRawPointer, capacity: Int) {
    if capacity == BufferPool.unit && free.count < BufferPool.kept { free.append(buffer) } else { buffer.deallocate() }
  }

  mutating func removeAll() {
    for buffer in free { buffer.deallocate() }
    free = []
  }
}

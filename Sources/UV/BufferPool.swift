internal import CUV

/// Asks for the cache lines of memory that is written next and then seldom used. Without effect on the memory, which must be allocated.
package func prefetchForWriting(_ memory: UnsafeRawPointer, count: Int) {
  cuv_prefetch_for_writing(memory, count)
}

/// Buffers for bytes that a loop's streams are about to send or must handle later. They are kept here between turns, so that an idle stream
/// holds none.
struct BufferPool {
  /// Buffers of one capacity.
  private struct Shelf {
    let capacity: Int
    /// The most buffers that are kept.
    let limit: Int
    var free: [UnsafeMutableRawPointer] = []
  }

  /// In order of capacity. Larger buffers are allocated and freed as needed.
  private var shelves = [
    Shelf(capacity: 64 << 10, limit: 64), Shelf(capacity: 256 << 10, limit: 8), Shelf(capacity: 1 << 20, limit: 2),
  ]

  /// A buffer of at least `count` bytes, and its capacity.
  mutating func take(_ count: Int) -> (UnsafeMutableRawPointer, capacity: Int) {
    var capacity = count
    for index in shelves.indices where count <= shelves[index].capacity {
      if let buffer = shelves[index].free.popLast() { return (buffer, shelves[index].capacity) }
      capacity = shelves[index].capacity
      break
    }
    return (.allocate(byteCount: capacity, alignment: 16), capacity)
  }

  /// Takes back a buffer with the capacity that `take` returned.
  mutating func give(_ buffer: UnsafeMutableRawPointer, capacity: Int) {
    for index in shelves.indices where capacity == shelves[index].capacity {
      guard shelves[index].free.count < shelves[index].limit else { break }
      return shelves[index].free.append(buffer)
    }
    buffer.deallocate()
  }

  mutating func removeAll() {
    for index in shelves.indices {
      for buffer in shelves[index].free { buffer.deallocate() }
      shelves[index].free = []
    }
  }
}

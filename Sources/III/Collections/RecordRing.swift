internal import UV

/// Memory for the newest records of a fixed number, each at its own place. The owner keeps count.
///
/// The memory is touched only where records are written. Records begin at cache lines, so that one of 64 bytes changes a single line.
@usableFromInline package final class RecordRing<Record: BitwiseCopyable> {
  @usableFromInline let memory: UnsafeMutablePointer<Record>
  @usableFromInline package let capacity: Int

  package init(capacity: Int) {
    self.capacity = capacity
    memory = UnsafeMutableRawPointer.allocate(byteCount: max(capacity, 1) * MemoryLayout<Record>.stride, alignment: 64)
      .bindMemory(to: Record.self, capacity: max(capacity, 1))
  }

  deinit { UnsafeMutableRawPointer(memory).deallocate() }

  /// The record at a place that was written before.
  @inlinable package subscript(place: Int) -> Record {
    get {
      precondition(place >= 0 && place < capacity, "no place in the ring")
      return memory[place]
    }
    _modify {
      precondition(place >= 0 && place < capacity, "no place in the ring")
      yield &memory[place]
    }
  }

  /// Writes the record at a place, for the first time or again; returns the next place, whose memory is prefetched.
  @inlinable package func write(_ record: Record, at place: Int) -> Int {
    precondition(place >= 0 && place < capacity, "no place in the ring")
    (memory + place).initialize(to: record)
    let next = place &+ 1 == capacity ? 0 : place &+ 1
    prefetch(memory + next, count: MemoryLayout<Record>.stride)
    return next
  }
}

/// For inlinable code, which cannot name functions of `UV`.
@usableFromInline func prefetch(_ memory: UnsafeRawPointer, count: Int) { prefetchForWriting(memory, count: count) }

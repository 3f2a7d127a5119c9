import CUV

/// Bytes that grow at the end, in memory that is kept.
struct RawBuffer {
  private(set) var base: UnsafeMutableRawPointer
  var count = 0
  private var capacity = 1 << 10

  init() { base = .allocate(byteCount: capacity, alignment: 64) }

  func free() { base.deallocate() }

  @inline(__always) mutating func reserve(_ more: Int) -> UnsafeMutableRawPointer {
    if count + more > capacity { grow(to: count + more) }
    let place = base + count
    count += more
    return place
  }

  private mutating func grow(to needed: Int) {
    while capacity < needed { capacity *= 2 }
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    memcpy(larger, base, count)
    base.deallocate()
    base = larger
  }

  @inline(__always) mutating func removeFirst(_ taken: Int) {
    if taken == 0 { return }
    memmove(base, base + taken, count - taken)
    count -= taken
  }
}

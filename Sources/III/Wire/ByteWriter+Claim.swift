extension ByteWriter {
  /// The next `count` reserved bytes, which the caller fills wholly.
  @inline(__always) mutating func claim(_ count: Int) -> UnsafeMutableRawPointer {
    precondition(count >= 0 && room >= count)
    let start = next
    next += count
    room -= count
    return start
  }
}

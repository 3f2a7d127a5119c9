import CUV

/// A fixed piece of a message, at an address that stays.
struct WireText: @unchecked Sendable {
  // Sendable: the memory is written before anyone has the value, never again, and never freed.
  let base: UnsafeRawPointer
  let count: Int

  init(_ text: String) {
    let bytes = Array(text.utf8)
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    memory.copyBytes(from: bytes)
    base = UnsafeRawPointer(memory.baseAddress ?? UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1))
    count = bytes.count
  }

  @inline(__always) func begins(_ bytes: UnsafeMutableRawPointer, _ available: Int) -> Bool {
    available >= count && memcmp(bytes, base, count) == 0
  }
}

/// What came, for the words of an error.
func excerpt(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> String {
  String(decoding: UnsafeRawBufferPointer(start: bytes, count: min(count, 600)), as: UTF8.self)
}

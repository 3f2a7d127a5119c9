/// The memory of a message that arrives in parts; it grows with the bytes that have arrived, not with the announced size.
struct MessageBuffer: ~Copyable {
  private var base: UnsafeMutableRawPointer?
  private(set) var capacity = 0
  private(set) var count = 0

  /// The size that is kept between messages: enough for a usual frame that is split over two reads, small for an idle connection.
  static let keptBytes = 4 << 10

  deinit { base?.deallocate() }

  /// The bytes, valid until the next change.
  var view: ByteView { base.map { ByteView($0, count: count) } ?? .empty }

  /// Appends `bytes`; `total` is the size that the message will reach, or may reach.
  mutating func append(_ bytes: UnsafeRawPointer, count added: Int, of total: Int) {
    guard added > 0 else { return }
    let needed = count + added
    if needed > capacity { grow(to: needed, of: total) }
    guard let base else { return }
    (base + count).copyMemory(from: bytes, byteCount: added)
    count = needed
  }

  /// Doubles the size, so that many small parts cost no more than few large ones, but not beyond `total`.
  private mutating func grow(to needed: Int, of total: Int) {
    let wanted = max(needed, max(Self.keptBytes, min(needed * 2, total)))
    let grown = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
    if let base {
      grown.copyMemory(from: base, byteCount: count)
      base.deallocate()
    }
    base = grown
    capacity = wanted
  }

  /// Removes the message, and releases its memory if that is large.
  mutating func reset() {
    count = 0
    guard capacity > Self.keptBytes else { return }
    base?.deallocate()
    base = nil
    capacity = 0
  }
}

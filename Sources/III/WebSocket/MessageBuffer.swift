/// Memory of a message that comes in pieces: grows with what has arrived, not with what was announced.
struct MessageBuffer: ~Copyable {
  private var base: UnsafeMutableRawPointer?
  private(set) var capacity = 0
  private(set) var count = 0

  /// What is kept between messages: enough for the usual frame that a read cuts in two, little for an idle connection.
  static let keptBytes = 4 << 10

  deinit { base?.deallocate() }

  /// The bytes, valid until the next change.
  var view: ByteView { base.map { ByteView($0, count: count) } ?? .empty }

  /// Appends `bytes`; `total` is the size that the message is known to reach, or may.
  mutating func append(_ bytes: UnsafeRawPointer, count added: Int, of total: Int) {
    guard added > 0 else { return }
    let needed = count + added
    if needed > capacity { grow(to: needed, of: total) }
    guard let base else { return }
    (base + count).copyMemory(from: bytes, byteCount: added)
    count = needed
  }

  /// Takes twice what is there, so that many small pieces cost no more than few large ones, but not beyond `total`.
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

  /// Forgets the message, and its memory if that is large.
  mutating func reset() {
    count = 0
    guard capacity > Self.keptBytes else { return }
    base?.deallocate()
    base = nil
    capacity = 0
  }
}

internal import III

/// The newest items, up to a number and a size in bytes; the oldest are dropped.
struct RecentItems<Item> {
  private struct Kept {
    let item: Item
    let bytes: Int
  }

  private(set) var maxCount: Int
  let maxBytes: Int
  private var items = FIFO<Kept>()
  private(set) var bytes = 0

  init(maxCount: Int, maxBytes: Int = 64 << 20) {
    self.maxCount = maxCount
    self.maxBytes = maxBytes
  }

  var count: Int { items.count }
  var oldest: Item? { items.first?.item }

  /// In the order in which they were received.
  var all: [Item] {
    var all: [Item] = []
    all.reserveCapacity(count)
    items.forEach {
      all.append($0.item)
      return true
    }
    return all
  }

  /// Keeps an item of about `bytes` bytes; one that is too large by itself is not kept.
  mutating func append(_ item: Item, bytes size: Int) {
    guard maxCount > 0, size <= maxBytes else { return }
    while count >= maxCount || bytes > maxBytes - size { removeOldest() }
    items.append(Kept(item: item, bytes: size))
    bytes += size
  }

  mutating func removeOldest() {
    if let oldest = items.popFirst() { bytes -= oldest.bytes }
  }

  /// Keeps another number of items from now on.
  mutating func limit(to maxCount: Int) {
    self.maxCount = maxCount
    while count > maxCount { removeOldest() }
  }

  mutating func removeAll() {
    _ = items.removeAll()
    bytes = 0
  }
}

internal import III

/// A listing on its way: entries are chosen, sorted and written, as many at a time as a slice allows.
///
/// Between slices the engine's tables may change; a listing shows the entries that there were when it began.
class Listing {
  /// JSON, complete once the listing is done.
  private(set) var bytes: [UInt8] = []
  /// Whether large members were left out of the rows, so that a message of `sizeLimit` bytes could hold them.
  private(set) var isAbridged = false

  fileprivate let opening: StaticString
  fileprivate let sizeLimit: Int?
  fileprivate var written = 0

  /// Entries that are answered without slices.
  static let shortCount = 256
  /// Entries that a slice looks at or writes, and the bytes after which it stops writing.
  private static let sliceCount = 512
  private static let sliceBytes = 256 << 10
  /// Steps of sorting in a slice.
  private static let sliceSteps = 4096

  fileprivate init(opening: StaticString, sizeLimit: Int?) {
    self.opening = opening
    self.sizeLimit = sizeLimit
  }

  /// The number of entries that are to be looked at.
  func entryCount(_ kernel: borrowing KernelView) -> Int { 0 }
  /// Chooses up to `count` entries; returns whether all have been looked at.
  fileprivate func choose(_ count: Int, _ kernel: borrowing KernelView) -> Bool { true }
  /// Sorts by up to `steps`; returns whether all is in order.
  fileprivate func sort(_ steps: Int) -> Bool { true }
  /// The number of entries that were chosen.
  fileprivate var chosenCount: Int { 0 }
  fileprivate func write(_ index: Int, abridged: Bool, _ kernel: borrowing KernelView, _ buffer: inout ByteBuffer) {}

  private enum Phase {
    case choosing, sorting, writing, done
  }

  private var phase = Phase.choosing

  /// Whether the listing is finished in one go.
  func isShort(_ kernel: borrowing KernelView) -> Bool { entryCount(kernel) <= Listing.shortCount }

  /// Does the whole rest.
  func finish(_ kernel: borrowing KernelView) -> [UInt8] {
    while !runSlice(kernel) {}
    return bytes
  }

  /// Does a part of the work; returns whether the listing is done.
  func runSlice(_ kernel: borrowing KernelView) -> Bool {
    switch phase {
    case .choosing: if choose(Listing.sliceCount, kernel) { phase = .sorting }
    case .sorting: if sort(Listing.sliceSteps) { phase = .writing }
    case .writing: writeSlice(kernel)
    case .done: break
    }
    return if case .done = phase { true } else { false }
  }

  private func writeSlice(_ kernel: borrowing KernelView) {
    var buffer = ByteBuffer(taking: &bytes)
    let start = buffer.bytes.count
    if written == 0 { buffer.append(opening) }
    let end = min(written + Listing.sliceCount, chosenCount)
    while written < end && buffer.bytes.count - start < Listing.sliceBytes {
      if written > 0 { buffer.append(",") }
      write(written, abridged: isAbridged, kernel, &buffer)
      written += 1
    }
    if written == chosenCount {
      buffer.append("]}")
      phase = .done
    }
    bytes = buffer.bytes
    guard let sizeLimit, bytes.count > sizeLimit - Listing.envelopeBytes, !isAbridged else { return }
    isAbridged = true
    bytes = []
    written = 0
    phase = .writing
  }

  /// What a message takes around the listing, at most: ids, the function's name, trace headers.
  private static let envelopeBytes = 1024
}

/// A listing of one kind of entries.
final class ListingOf<Entry>: Listing {
  private let all: (borrowing KernelView) -> [Entry]
  private let matches: (Entry, borrowing KernelView) -> Bool
  private let writeRow: (Entry, Bool, borrowing KernelView, inout ByteBuffer) -> Void
  private let key: (Entry) -> SortKey
  private var entries: [Entry]?
  private var next = 0
  private var chosen: [Entry] = []
  private var sorter = SlicedSort()

  /// - Parameters:
  ///   - opening: The object up to its first row, as `{"functions":[`.
  ///   - sizeLimit: The largest message that the reader's SDK takes; above it rows are written abridged.
  ///   - write: Writes a row, without its large members if the second argument is set.
  init(
    opening: StaticString, sizeLimit: Int? = nil, all: @escaping (borrowing KernelView) -> [Entry],
    matches: @escaping (Entry, borrowing KernelView) -> Bool, key: @escaping (Entry) -> SortKey,
    write: @escaping (Entry, Bool, borrowing KernelView, inout ByteBuffer) -> Void
  ) {
    self.all = all
    self.matches = matches
    self.key = key
    writeRow = write
    super.init(opening: opening, sizeLimit: sizeLimit)
  }

  private func load(_ kernel: borrowing KernelView) -> [Entry] {
    if let entries { return entries }
    let loaded = all(kernel)
    entries = loaded
    return loaded
  }

  override func entryCount(_ kernel: borrowing KernelView) -> Int { load(kernel).count }

  override fileprivate func choose(_ count: Int, _ kernel: borrowing KernelView) -> Bool {
    let entries = load(kernel)
    let end = min(next + count, entries.count)
    while next < end {
      let entry = entries[next]
      next += 1
      guard matches(entry, kernel) else { continue }
      chosen.append(entry)
      sorter.append(key(entry))
    }
    guard next == entries.count else { return false }
    self.entries = []
    return true
  }

  override fileprivate func sort(_ steps: Int) -> Bool { sorter.run(steps: steps) }
  override fileprivate var chosenCount: Int { chosen.count }

  override fileprivate func write(
    _ index: Int, abridged: Bool, _ kernel: borrowing KernelView, _ buffer: inout ByteBuffer
  ) {
    writeRow(chosen[Int(sorter.order[index])], abridged, kernel, &buffer)
  }
}

/// The listings that are being made, one slice a turn: the first few in turn, the others when those are done.
struct ListingQueue {
  enum Purpose {
    case reply(ReplyToken, to: PeerID)
    case event([TriggerEntry])
  }

  struct Item {
    let listing: Listing
    let purpose: Purpose
  }

  private var active: [Item] = []
  private var waiting = FIFO<Item>()
  private var next = 0

  /// Listings that are made at the same time; each holds the entries that it shows.
  private static let activeLimit = 4

  var isEmpty: Bool { active.isEmpty && waiting.isEmpty }

  mutating func append(_ item: Item) { waiting.append(item) }

  /// Does a slice of one listing; returns that listing if it is done now.
  mutating func runSlice(_ kernel: borrowing KernelView) -> Item? {
    while active.count < ListingQueue.activeLimit, let item = waiting.popFirst() { active.append(item) }
    guard !active.isEmpty else { return nil }
    next = next < active.count ? next : 0
    guard active[next].listing.runSlice(kernel) else {
      next += 1
      return nil
    }
    return active.remove(at: next)
  }
}

/// Bytes that grow while JSON is written to them.
struct ByteBuffer: ByteSink {
  private(set) var bytes: [UInt8] = []

  init() {}

  /// Goes on where `bytes` ends, which is emptied, so that nothing is copied.
  init(taking bytes: inout [UInt8]) { swap(&self.bytes, &bytes) }

  mutating func append(_ text: StaticString) { append(ByteView(text)) }
  mutating func append(_ view: ByteView) { bytes.append(contentsOf: view.unsafeBytes) }
  mutating func append(_ bytes: [UInt8]) { self.bytes.append(contentsOf: bytes) }
  mutating func append(_ id: UUID128) { bytes.append(contentsOf: id.description.utf8) }
  mutating func append(quoting text: String) {
    guard JSONText.quotedCount(text) == text.utf8.count + 2 else {
      return bytes.append(contentsOf: JSONText.quoted(text))
    }
    // Nothing to escape, and so nothing to allocate.
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: text.utf8)
    bytes.append(UInt8(ascii: "\""))
  }
  mutating func append(_ number: Int64) { bytes.append(contentsOf: String(number).utf8) }

  /// A member whose value may be missing: `null` then.
  mutating func append(member name: StaticString, orNull text: String?) {
    append(name)
    if let text { append(quoting: text) } else { append("null") }
  }
}

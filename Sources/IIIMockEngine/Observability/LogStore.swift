/// The log records that the engine keeps.
struct LogStore {
  private struct Kept {
    let record: EngineLogRecord
    let receivedAt: UInt64
  }

  private var records: RecentItems<Kept>
  /// Records that were received longer ago than this are dropped; nanoseconds.
  private var retention: UInt64?

  init(maxCount: Int, retentionSeconds: UInt64? = nil) {
    records = RecentItems(maxCount: maxCount)
    retention = retentionSeconds.map { UInt64(seconds: $0) }
  }

  var count: Int { records.count }

  /// In the order in which they were received.
  var all: [EngineLogRecord] { records.all.map(\.record) }

  /// - Parameter now: By the engine's time source.
  mutating func append(_ record: EngineLogRecord, bytes: Int, now: UInt64) {
    dropExpired(now: now)
    records.append(Kept(record: record, receivedAt: now), bytes: bytes)
  }

  mutating func dropExpired(now: UInt64) {
    guard let retention else { return }
    while let oldest = records.oldest, now > oldest.receivedAt.addingClamping(retention) { records.removeOldest() }
  }

  mutating func limit(maxCount: Int, retentionSeconds: UInt64?) {
    records.limit(to: maxCount)
    retention = retentionSeconds.map { UInt64(seconds: $0) }
  }

  mutating func removeAll() { records.removeAll() }

  /// The records that match a query, newest first, and their number before offset and limit.
  func matches(_ query: LogQuery) -> (records: [EngineLogRecord], total: Int) {
    let found = records.all.reversed().map(\.record).filter(query.matches)
    // Of the same time, what was received later is the newer.
    let sorted = found.enumerated().sorted { a, b in
      a.element.timestamp == b.element.timestamp
        ? a.offset < b.offset : a.element.timestamp > b.element.timestamp
    }
    let page = sorted.dropFirst(query.offset).prefix(query.limit ?? .max)
    return (page.map(\.element), found.count)
  }
}

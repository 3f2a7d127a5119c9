internal import UV

/// The encoded records that wait to be sent: bounded, the oldest are dropped and counted. Any thread may use it.
final class TelemetryBuffer: Sendable {
  enum Kind: Int, CaseIterable {
    case spans, logs, metrics
  }

  private struct State {
    var records: [FIFO<[UInt8]>] = Kind.allCases.map { _ in FIFO() }
    var bytes = 0
    var dropped = 0
    var isClosed = false
    /// Whether the exporter knows that records wait.
    var isNoted = false

    /// Drops the oldest record of this kind, or of any if there is none.
    mutating func dropOldest(_ kind: Kind) {
      let place = records[kind.rawValue].isEmpty ? records.firstIndex { !$0.isEmpty } : kind.rawValue
      guard let place, let oldest = records[place].popFirst() else { return }
      bytes -= oldest.count
      dropped += 1
    }
  }

  private let state = Lock(State())
  private let logsBatchSize: Int

  /// The most records of each kind that wait, and their bytes.
  static let maxRecords = 1000
  /// So many spans, or gauges, are sent at once, without waiting: well before the oldest would be dropped.
  static let batchSize = 250
  private static let maxBytes = 16 << 20
  /// The size of a message, if no single record is larger.
  private static let messageBytes = 1 << 20
  /// The engine reads no larger messages.
  private static let maxRecordBytes = 8 << 20

  init(_ settings: TelemetrySettings) { logsBatchSize = settings.logsBatchSize }

  /// Adds a record. Returns whether the exporter must be told.
  func add(_ record: [UInt8], _ kind: Kind) -> Bool {
    state.withLock { state in
      guard !state.isClosed, record.count <= Self.maxRecordBytes else {
        state.dropped += 1
        return false
      }
      state.records[kind.rawValue].append(record)
      state.bytes += record.count
      while state.records[kind.rawValue].count > Self.maxRecords || state.bytes > Self.maxBytes {
        state.dropOldest(kind)
      }
      // A batch is sent at once, so the exporter is told although it waits already.
      let isBatch = state.records[kind.rawValue].count == (kind == .logs ? logsBatchSize : Self.batchSize)
      defer { state.isNoted = true }
      return !state.isNoted || isBatch
    }
  }

  /// How much waits: spans or gauges, and logs.
  var waiting: (others: Int, logs: Int) {
    state.withLock { state in
      state.isNoted = false
      return (
        state.records[Kind.spans.rawValue].count + state.records[Kind.metrics.rawValue].count,
        state.records[Kind.logs.rawValue].count
      )
    }
  }

  /// The records of the next message; `nil` if none wait.
  func next() -> (kind: Kind, records: [[UInt8]])? {
    state.withLock { state in
      for kind in Kind.allCases {
        var records: [[UInt8]] = []
        var bytes = 0
        while let first = state.records[kind.rawValue].first,
          records.isEmpty || bytes + first.count <= Self.messageBytes,
          let record = state.records[kind.rawValue].popFirst()
        {
          records.append(record)
          bytes += record.count
        }
        state.bytes -= bytes
        if !records.isEmpty { return (kind, records) }
      }
      return nil
    }
  }

  /// The number of records that were dropped so far.
  var dropped: Int { state.withLock { $0.dropped } }

  /// Accepts no more records, and drops those that wait.
  func close() {
    state.withLock { state in
      state.isClosed = true
      for kind in Kind.allCases { while !state.records[kind.rawValue].isEmpty { state.dropOldest(kind) } }
    }
  }
}

internal import III

/// The input of `engine::traces::list`.
struct SpanQuery {
  static let fields: [BuiltInField] = [
    .init("attributes", .pairs), .init("end_time", .u64), .init("include_internal", .bool), .init("limit", .usize),
    .init("max_duration_ms", .f64), .init("min_duration_ms", .f64), .init("name", .string), .init("offset", .usize),
    .init("search_all_spans", .bool), .init("service_name", .string), .init("sort_by", .string),
    .init("sort_order", .string), .init("start_time", .u64), .init("status", .string), .init("trace_id", .string),
  ]

  let offset: Int
  let limit: Int
  private let traceID: ByteKey?
  private let serviceName: SearchText?
  private let name: SearchText?
  private let status: SearchText?
  private let minDuration: Double?
  private let maxDuration: Double?
  private let window: TimeWindow
  private let attributes: [SpanRecord.Attribute]
  private let includesInternal: Bool
  private let searchesAll: Bool
  private let sortsBy: String?
  private let isDescending: Bool

  /// Whether the sort keys that engine 0.17 added are known: `service_name`, and `duration_ms` for `duration`.
  private let sortsAsLater: Bool

  init(_ input: BuiltInInput, sortsAsLater: Bool = true) throws(BuiltInInput.Mismatch) {
    self.sortsAsLater = sortsAsLater
    offset = input.count("offset") ?? 0
    limit = input.count("limit") ?? 100
    traceID = try input.key("trace_id")
    serviceName = try input.string("service_name").map(SearchText.init)
    name = try input.string("name").map(SearchText.init)
    status = try input.string("status").map(SearchText.init)
    minDuration = input.number("min_duration_ms")
    maxDuration = input.number("max_duration_ms")
    window = TimeWindow(input)
    attributes = input.pairs("attributes").map { SpanRecord.Attribute(key: $0.key, value: $0.value) }
    includesInternal = try input.bool("include_internal") ?? false
    searchesAll = try input.bool("search_all_spans") ?? false
    sortsBy = try input.string("sort_by")
    isDescending = try input.string("sort_order") == "desc"
  }

  /// All that match, sorted.
  func matches(among spans: [SpanRecord]) -> [SpanRecord] {
    // If all spans are searched, a name selects whole traces; otherwise only root spans.
    let named =
      searchesAll ? name.map { name in Set(spans.filter { name.isIn($0.name) }.map(\.traceID)) } : nil
    let found = spans.filter { span in
      (searchesAll || span.parentSpanID == nil) && (includesInternal || !span.isInternal)
        && (named.map { $0.contains(span.traceID) } ?? name.map { $0.isIn(span.name) } ?? true)
        && matches(span)
    }
    // Equal spans stay in the order in which they were received.
    return found.enumerated().sorted { a, b in
      if precedes(a.element, b.element) { return !isDescending }
      if precedes(b.element, a.element) { return isDescending }
      return a.offset < b.offset
    }.map(\.element)
  }

  private func matches(_ span: SpanRecord) -> Bool {
    let milliseconds = Double(span.duration) / 1e6
    return (traceID.map { $0 == span.traceID } ?? true)
      && (serviceName.map { $0.isIn(span.serviceName) } ?? true)
      && (status.map { $0.isIn(span.status.rawValue) } ?? true)
      && (minDuration.map { milliseconds >= $0 } ?? true) && (maxDuration.map { milliseconds <= $0 } ?? true)
      && window.overlaps(from: span.startTime, to: span.endTime)
      && attributes.allSatisfy { span.attributes.contains($0) }
  }

  private func precedes(_ a: SpanRecord, _ b: SpanRecord) -> Bool {
    switch sortsBy {
    case "duration": a.duration < b.duration
    case "duration_ms" where sortsAsLater: a.duration < b.duration
    case "service_name" where sortsAsLater: a.serviceName.utf8.lexicographicallyPrecedes(b.serviceName.utf8)
    case "name": a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    default: a.startTime < b.startTime
    }
  }
}

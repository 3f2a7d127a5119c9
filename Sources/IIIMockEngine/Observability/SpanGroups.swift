internal import III

/// Spans by the value of one of their attributes: what `engine::traces::group_by` tells.
struct SpanGroups {
  static let fields: [BuiltInField] = [
    .init("attribute", .string, isRequired: true), .init("include_internal", .bool), .init("limit", .usize),
    .init("since_ms", .u64),
  ]

  private struct Group {
    var start = UInt64.max
    var end: UInt64 = 0
    var errors: Int64 = 0
    var spans: Int64 = 0
    var traces: Set<ByteKey> = []

    mutating func add(_ span: SpanRecord) {
      start = min(start, span.startTime)
      end = max(end, span.endTime)
      spans += 1
      if span.status == .error { errors += 1 }
      traces.insert(span.traceID)
    }

    func json(_ value: ByteKey) -> JSONValue {
      [
        "duration_ms": .double(Double(end > start ? end - start : 0) / 1e6), "error_count": .int(errors),
        "first_seen_ms": .number(start.milliseconds), "last_seen_ms": .number(end.milliseconds),
        "span_count": .int(spans), "trace_ids": .array(traces.sorted().map { .string($0.text) }),
        "value": .string(value.text),
      ]
    }
  }

  private let attribute: ByteKey
  private let since: UInt64
  private let limit: Int
  private let includesInternal: Bool

  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    attribute = ByteKey(try input.requiredString("attribute"))
    since = UInt64(milliseconds: input.unsigned("since_ms") ?? 0)
    limit = input.count("limit") ?? 100
    includesInternal = try input.bool("include_internal") ?? false
  }

  /// The group that began last comes first.
  func json(of spans: [SpanRecord]) -> JSONValue {
    var groups: [ByteKey: Group] = [:]
    for span in spans where span.startTime >= since && (includesInternal || !span.isInternal) {
      if let value = span.value(of: attribute) { groups[value, default: Group()].add(span) }
    }
    let sorted = groups.sorted { a, b in
      a.value.start == b.value.start ? a.key < b.key : a.value.start > b.value.start
    }
    return .array(sorted.prefix(limit).map { $0.value.json($0.key) })
  }
}

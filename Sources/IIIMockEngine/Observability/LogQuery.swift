internal import III

/// What `engine::logs::list` is asked for.
struct LogQuery {
  static let fields: [BuiltInField] = [
    .init("end_time", .u64), .init("limit", .usize), .init("offset", .usize), .init("severity_min", .i32),
    .init("severity_text", .string), .init("span_id", .string), .init("start_time", .u64), .init("trace_id", .string),
  ]

  let window: TimeWindow
  let traceID: ByteKey?
  let spanID: ByteKey?
  let severityMin: Int64?
  let severityText: ByteKey?
  let offset: Int
  let limit: Int?
  /// The filters as they were given, null where they were not.
  let echo: JSONValue

  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    window = TimeWindow(input)
    traceID = try input.key("trace_id")
    spanID = try input.key("span_id")
    severityMin = input.integer("severity_min")
    severityText = try input.string("severity_text").map { ByteKey($0.lowercased()) }
    offset = input.count("offset") ?? 0
    limit = input.count("limit")
    echo = input.echo(Self.fields.map(\.name))
  }

  func matches(_ record: EngineLogRecord) -> Bool {
    window.contains(record.timestamp)
      && (traceID.map { $0 == record.traceID.map { ByteKey($0) } } ?? true)
      && (spanID.map { $0 == record.spanID.map { ByteKey($0) } } ?? true)
      && (severityMin.map { Int64(record.severityNumber) >= $0 } ?? true)
      && (severityText.map { $0 == ByteKey(record.severityText.lowercased()) } ?? true)
  }
}

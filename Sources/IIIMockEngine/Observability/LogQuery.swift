internal import III

/// The input of `engine::logs::list`.
struct LogQuery {
  static let fields: [BuiltInField] = [
    .init("end_time", .u64), .init("limit", .usize), .init("offset", .usize), .init("severity_min", .i32),
    .init("severity_text", .string), .init("span_id", .string), .init("start_time", .u64), .init("trace_id", .string),
  ]

  let window: TimeWindow
  let traceID: String?
  let spanID: String?
  let severityMin: Int64?
  let severityText: String?
  let offset: Int
  let limit: Int?
  /// The filters as they were given, null if they were not.
  let echo: JSONValue

  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    window = TimeWindow(input)
    traceID = try input.string("trace_id")
    spanID = try input.string("span_id")
    severityMin = input.integer("severity_min")
    severityText = try input.string("severity_text")
    offset = input.count("offset") ?? 0
    limit = input.count("limit")
    echo = input.echo(Self.fields.map(\.name))
  }

  func matches(_ record: EngineLogRecord) -> Bool {
    window.contains(record.timestamp)
      && (traceID.map { isSame($0, record.traceID) } ?? true) && (spanID.map { isSame($0, record.spanID) } ?? true)
      && (severityMin.map { Int64(record.severityNumber) >= $0 } ?? true)
      && (severityText.map { isSame($0.lowercased(), record.severityText.lowercased()) } ?? true)
  }

  /// Byte by byte: `==` takes canonically equivalent texts for equal.
  private func isSame(_ text: String, _ other: String?) -> Bool {
    other.map { text.utf8.elementsEqual($0.utf8) } ?? false
  }
}

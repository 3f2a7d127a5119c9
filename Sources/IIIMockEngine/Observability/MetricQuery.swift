internal import III

/// What `engine::metrics::list` is asked for of what workers reported.
struct MetricQuery {
  static let fields: [BuiltInField] = [
    .init("aggregate_interval", .u64), .init("end_time", .u64), .init("metric_name", .string),
    .init("start_time", .u64),
  ]

  private let window: TimeWindow
  private let name: ByteKey?
  /// In seconds; `nil` if nothing is to be summed up.
  let interval: UInt64?
  /// What was asked for, null where nothing was.
  let echo: JSONValue

  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    window = TimeWindow(input)
    name = try input.key("metric_name")
    interval = input.unsigned("aggregate_interval")
    echo = input.echo(Self.fields.map(\.name))
  }

  func matches(_ metric: MetricRecord) -> Bool {
    window.contains(metric.time) && (name.map { $0 == ByteKey(metric.name) } ?? true)
  }
}

internal import III

/// The input of `engine::metrics::list`.
struct MetricQuery {
  static let fields: [BuiltInField] = [
    .init("aggregate_interval", .u64), .init("end_time", .u64), .init("metric_name", .string),
    .init("start_time", .u64),
  ]

  private let window: TimeWindow
  private let name: String?
  /// The interval of aggregation in seconds; `nil` without aggregation.
  let interval: UInt64?
  /// The filters as they were given, null if they were not.
  let echo: JSONValue

  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    window = TimeWindow(input)
    name = try input.string("metric_name")
    interval = input.unsigned("aggregate_interval")
    echo = input.echo(Self.fields.map(\.name))
  }

  func matches(_ metric: MetricRecord) -> Bool {
    window.contains(metric.time) && (name.map { $0.utf8.elementsEqual(metric.name.utf8) } ?? true)
  }
}

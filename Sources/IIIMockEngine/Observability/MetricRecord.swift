internal import III

/// A metric that a worker reported, with the points of one report.
struct MetricRecord: Equatable {
  enum Kind: String { case gauge, counter, histogram }

  struct Point: Equatable {
    let attributes: [SpanRecord.Attribute]
    let time: UInt64
    let value: Value
  }

  enum Value: Equatable {
    case number(Double)
    case histogram(Histogram)
  }

  struct Histogram: Equatable {
    var counts: [UInt64] = []
    var count: UInt64 = 0
    var bounds: [Double] = []
    var max: Double?
    var min: Double?
    var sum: Double = 0
  }

  var name = ""
  var description = ""
  var unit = ""
  var kind = Kind.gauge
  var serviceName = "unknown"
  var scopeName = ""
  var time: UInt64 = 0
  var points: [Point] = []

  /// As `engine::metrics::list` shows it.
  var json: JSONValue {
    [
      "data_points": .array(points.map(\.json)), "description": .string(description),
      "instrumentation_scope_name": .string(scopeName), "metric_type": .string(kind.rawValue), "name": .string(name),
      "service_name": .string(serviceName), "timestamp_unix_nano": .number(time), "unit": .string(unit),
    ]
  }
}

extension MetricRecord.Point {
  fileprivate var json: JSONValue {
    var json: JSONObject = ["attributes": SpanRecord.json(attributes)]
    switch value {
    case .number(let number):
      json["timestamp_unix_nano"] = .number(time)
      json["value"] = .double(number)
    case .histogram(let histogram):
      json["bucket_counts"] = .array(histogram.counts.map { .number($0) })
      json["count"] = .number(histogram.count)
      json["explicit_bounds"] = .array(histogram.bounds.map { .double($0) })
      json["max"] = .some(histogram.max.map { .double($0) } ?? .null)
      json["min"] = .some(histogram.min.map { .double($0) } ?? .null)
      json["sum"] = .double(histogram.sum)
      json["timestamp_unix_nano"] = .number(time)
    }
    return .object(json)
  }
}

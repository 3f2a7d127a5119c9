internal import III

/// The values of metrics, aggregated over intervals of one length that are counted from 1970.
struct MetricIntervals {
  private struct Key: Hashable {
    let name: ByteKey
    let start: UInt64
  }

  private struct Sum {
    var count: UInt64 = 0
    var sum = 0.0
    var min = Double.infinity
    var max = -Double.infinity

    mutating func add(_ value: MetricRecord.Value) {
      switch value {
      case .number(let number):
        count += 1
        add(sum: number, min: number, max: number)
      case .histogram(let histogram):
        guard histogram.count > 0 else { return }
        count = count.addingClamping(histogram.count)
        let mean = histogram.sum / Double(histogram.count)
        add(sum: histogram.sum, min: histogram.min ?? mean, max: histogram.max ?? mean)
      }
    }

    private mutating func add(sum: Double, min: Double, max: Double) {
      self.sum += sum
      self.min = Swift.min(self.min, min)
      self.max = Swift.max(self.max, max)
    }
  }

  private let length: UInt64
  private var sums: [Key: Sum] = [:]

  init(of metrics: [MetricRecord], seconds: UInt64) {
    length = UInt64(seconds: max(1, seconds))
    for metric in metrics {
      for point in metric.points {
        let time = point.time == 0 ? metric.time : point.time
        sums[Key(name: ByteKey(metric.name), start: time / length * length), default: Sum()].add(point.value)
      }
    }
  }

  /// By name, then by time.
  var json: JSONValue {
    let sorted = sums.filter { $0.value.count > 0 }.sorted { a, b in
      a.key.name == b.key.name ? a.key.start < b.key.start : a.key.name < b.key.name
    }
    return .array(
      sorted.map { key, sum in
        [
          "avg": .double(sum.sum / Double(sum.count)), "count": .number(sum.count), "max": .double(sum.max),
          "min": .double(sum.min), "name": .string(key.name.text), "start_time_unix_nano": .number(key.start),
          "sum": .double(sum.sum),
        ]
      })
  }
}

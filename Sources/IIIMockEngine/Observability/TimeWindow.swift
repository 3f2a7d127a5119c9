/// The time range of a query; an end that is not given is open. Nanoseconds since 1970.
struct TimeWindow {
  private let start: UInt64
  private let end: UInt64

  /// From `start_time` and `end_time`, which are milliseconds.
  init(_ input: BuiltInInput) {
    start = input.unsigned("start_time").map { UInt64(milliseconds: $0) } ?? 0
    end = input.unsigned("end_time").map { UInt64(milliseconds: $0) } ?? .max
  }

  func contains(_ time: UInt64) -> Bool { overlaps(from: time, to: time) }

  func overlaps(from first: UInt64, to last: UInt64) -> Bool { last >= start && first <= end }
}

internal import III

/// Counts of the engine's calls and workers since it started. Updated on the frame path: nothing is allocated.
struct InvocationCounters {
  private(set) var successes: Int64 = 0
  private(set) var errors: Int64 = 0
  private(set) var spawns: Int64 = 0
  private(set) var deaths: Int64 = 0

  /// Durations of all calls that began, in nanoseconds.
  private var longest: UInt64 = 0
  private var shortest = UInt64.max
  private var sum = 0.0
  /// Durations of the last calls, for percentiles.
  private var recent = [UInt64](repeating: 0, count: recentCount)
  private var next = 0

  /// A power of two.
  private static let recentCount = 1024

  mutating func workerCame() { spawns += 1 }
  mutating func workerLeft() { deaths += 1 }

  /// A call has ended.
  @inline(__always) mutating func ended(succeeded: Bool, after nanoseconds: UInt64) {
    if succeeded { successes &+= 1 } else { errors &+= 1 }
    longest = max(longest, nanoseconds)
    shortest = min(shortest, nanoseconds)
    sum += Double(nanoseconds)
    recent[next & (Self.recentCount &- 1)] = nanoseconds
    next &+= 1
  }

  /// A call never began.
  mutating func failed() { errors &+= 1 }

  /// As `engine::metrics::list` shows them.
  func json(activeWorkers: Int, byFunction: JSONObject) -> JSONValue {
    let sorted = recent.prefix(next).sorted()
    func milliseconds(_ nanoseconds: Double) -> JSONValue { .double(nanoseconds / 1e6) }
    func percentile(_ share: Double) -> JSONValue {
      guard !sorted.isEmpty else { return 0.0 }
      return milliseconds(Double(sorted[Int((Double(sorted.count - 1) * share).rounded())]))
    }
    return [
      "invocations": [
        "by_function": .object(byFunction), "deferred": 0, "error": .int(errors), "success": .int(successes),
        "total": .int(successes + errors),
      ],
      "performance": [
        "avg_duration_ms": milliseconds(next == 0 ? 0 : sum / Double(next)),
        "max_duration_ms": milliseconds(Double(longest)),
        "min_duration_ms": milliseconds(next == 0 ? 0 : Double(shortest)), "p50_duration_ms": percentile(0.5),
        "p95_duration_ms": percentile(0.95), "p99_duration_ms": percentile(0.99),
      ],
      "workers": ["active": .int(Int64(activeWorkers)), "deaths": .int(deaths), "spawns": .int(spawns)],
    ]
  }
}

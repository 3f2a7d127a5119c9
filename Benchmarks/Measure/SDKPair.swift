import III

/// Two workers of the SDK at one engine: one has a function, the other calls it.
struct SDKPair {
  private let callee: III
  private let caller: III
  private let function: String
  private let payload = Payload(text: String(repeating: "x", count: RawCaller.payloadSize - 11))

  /// As many bytes of JSON as the raw peers send.
  struct Payload: Codable, Sendable, Equatable {
    var text: String
  }

  /// - Parameter reports: Whether both workers report spans, logs and gauges to the engine.
  static func connect(to url: String, reports: Bool = false) async throws -> SDKPair {
    let function = reports ? "bench::sdk::reported" : "bench::sdk"
    let otel = OtelConfig(enabled: reports ? true : nil)
    let callee = try await registerWorker(url, options: InitOptions(workerName: "bench callee", otel: otel))
    try callee.registerFunction(function) { (payload: Payload) async in payload }
    let caller = try await registerWorker(url, options: InitOptions(workerName: "bench caller", otel: otel))
    let pair = SDKPair(callee: callee, caller: caller, function: function)
    // The callee calls it too: its own frames are dealt with in order, so the function is there afterwards.
    _ = try await callee.trigger(function, payload: pair.payload, as: Payload.self)
    return pair
  }

  private func call() async throws {
    let result = try await caller.trigger(function, payload: payload, as: Payload.self)
    if result.text.utf8.count != payload.text.utf8.count { fail("the SDK returned another payload") }
  }

  /// The round trips of calls made one after the other, p50 in microseconds.
  func roundTrip(count: Int) async throws -> Double {
    var samples: [UInt64] = []
    samples.reserveCapacity(count)
    for _ in 0..<count {
      let start = nanoseconds()
      try await call()
      samples.append(nanoseconds() - start)
    }
    return percentile(samples, 0.5) / 1000
  }

  /// Calls a second of so many callers, each of which waits for its result before it calls again.
  func rate(callers: Int, seconds: Double) async throws -> Double {
    let start = nanoseconds()
    let end = start + UInt64(seconds * 1e9)
    let calls = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<callers {
        group.addTask {
          var calls = 0
          while nanoseconds() < end {
            try await call()
            calls += 1
          }
          return calls
        }
      }
      return try await group.reduce(0, +)
    }
    return Double(calls) / Double(nanoseconds() - start) * 1e9
  }

  func shutdown() async {
    await caller.shutdown()
    await callee.shutdown()
  }
}

import IIIMockEngine

/// The engine in this process, as tests start it.
enum InProcess {
  /// Milliseconds from `MockEngine.start` to a worker that has read `workerregistered`, p50.
  static func start(times: Int, on loop: RawLoop) async throws -> Double {
    var samples: [UInt64] = []
    for _ in 0..<times {
      let before = nanoseconds()
      let engine = try await MockEngine.start()
      let worker = RawWorker.connect(on: loop, port: port(of: engine))
      samples.append(nanoseconds() - before)
      worker.close()
      await engine.shutdown()
    }
    return percentile(samples, 0.5) / 1e6
  }

  static func port(of engine: MockEngine) -> UInt16 {
    guard let port = engine.url.split(separator: ":").last.flatMap({ UInt16($0) }) else {
      fail("no port in \(engine.url)")
    }
    return port
  }
}

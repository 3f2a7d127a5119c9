import III
import IIIMockEngine
import UV

/// An engine under mutated frames, for a run of visits.
package struct EngineTarget: Sendable {
  private let loop: Loop
  private let engine: MockEngine
  private let visits: LoopBound<EngineVisits>

  /// Starts an engine and the two sound workers; `shutDown` ends all.
  package static func start(corpus: Corpus, random: FuzzRandom) async throws -> EngineTarget {
    var random = random
    var configuration = MockEngine.Configuration()
    configuration.compatibility = random.oneIn(2) ? .current : .v0_13
    configuration.isTracingEnabled = random.oneIn(2)
    let engine = try await MockEngine.start(configuration)
    guard let port = engine.url.split(separator: ":").last.flatMap({ UInt16($0) }),
      let address = SocketAddress(numericHost: "127.0.0.1", port: port)
    else { throw FuzzFailure("no address in \(engine.url)") }
    let loop = try Loop(name: "fuzz")
    let part = random.split()
    let target = await EngineTarget(loop: loop, engine: engine) {
      EngineVisits(on: loop, address: address, corpus: corpus, random: part)
    }
    try await target.onLoop { visits, done in visits.open(done) }
    return target
  }

  private init(loop: Loop, engine: MockEngine, _ make: @escaping @Sendable () -> EngineVisits) async {
    self.loop = loop
    self.engine = engine
    visits = await withCheckedContinuation { continuation in
      loop.post { continuation.resume(returning: LoopBound(make(), on: loop)) }
    }
  }

  /// Mutated frames on several connections, after whose end every call has ended.
  package func runVisit() async throws { try await onLoop { visits, done in visits.run(done) } }

  package func counts() async throws -> FuzzCounts {
    let counts = Lock(FuzzCounts())
    try await onLoop { visits, done in
      let now = visits.counts
      counts.withLock { $0 = now }
      done(nil)
    }
    return counts.withLock { $0 }
  }

  package func shutDown() async throws {
    try await onLoop { visits, done in
      visits.close()
      done(nil)
    }
    let codes = (await engine.shutdownReportingLeaks(), await loop.stop())
    guard codes == (0, 0) else { throw FuzzFailure("loops did not close: \(codes)") }
  }

  private func onLoop(
    _ body: @escaping @Sendable (EngineVisits, @escaping (FuzzFailure?) -> Void) -> Void
  ) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      loop.post { [visits] in
        body(visits.value) { failure in
          if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
        }
      }
    }
  }
}

package import TestSupport
import III
import UV

/// A worker of the SDK at a hostile engine, for a run of visits.
package struct ClientTarget: Sendable {
  private let visits: LoopRun<ClientVisits>
  private let url: String
  private let calls = Lock((started: 0, ended: 0))

  package static func start(corpus: Corpus, random: SeededGenerator) async throws -> ClientTarget {
    let visits = try await LoopRun(name: "fuzz") { loop in
      do { return try ClientVisits(on: loop, corpus: corpus, random: random) } catch {
        preconditionFailure("the hostile engine cannot listen: \(error)")
      }
    }
    return ClientTarget(visits: visits, url: await visits.get(\.url))
  }

  private init(visits: LoopRun<ClientVisits>, url: String) {
    self.visits = visits
    self.url = url
  }

  /// A worker that connects, is sent mutated frames, loses its connection and comes back, again and again; meanwhile it
  /// makes calls, each of which must end.
  package func runVisit() async throws {
    var options = InitOptions(workerName: "fuzzed", invocationTimeout: .milliseconds(50))
    options.reconnection = ReconnectionConfig(initialDelay: .milliseconds(1), maxDelay: .milliseconds(2))
    options.log = { _, _ in }
    let worker = try await registerWorker(url, options: options)
    try worker.registerFunction(ClientVisits.function) { (value: JSONValue) async in value }
    try worker.registerFunction("core::f") { (numbers: [Int]) async in numbers.count }
    try worker.registerFunction("core::echo") { (_: JSONValue) async throws -> JSONValue in throw FuzzFailure("thrown")
    }
    let isOver = Lock(false)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          while !isOver.withLock({ $0 }) { await call(worker) }
        }
      }
      do { try await visits.run { $0.run($1) } } catch {
        isOver.withLock { $0 = true }
        throw error
      }
      isOver.withLock { $0 = true }
      try await group.waitForAll()
    }
    await worker.shutdown()
  }

  private func call(_ worker: III) async {
    calls.withLock { $0.started += 1 }
    do {
      _ = try await worker.trigger("core::f", payload: ["a": 1] as JSONValue, as: JSONValue.self)
    } catch {
      _ = "\(error)"  // a description that would trap is found too
    }
    calls.withLock { $0.ended += 1 }
  }

  /// What was done; the calls are those of both sides.
  package var counts: FuzzCounts {
    get async {
      var counts = await visits.get(\.counts)
      let own = calls.withLock { $0 }
      counts.started += own.started
      counts.ended += own.ended
      return counts
    }
  }

  package func shutDown() async throws {
    await visits.get { $0.close() }
    let code = await visits.loop.stop()
    guard code == 0 else { throw FuzzFailure("the loop did not close: \(code)") }
  }
}

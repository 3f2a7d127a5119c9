package import TestSupport
import IIIMockEngine
import UV

/// An engine under mutated frames, for a run of visits.
package struct EngineTarget: Sendable {
  private let engine: MockEngine
  private let visits: LoopRun<EngineVisits>

  /// Starts an engine and the two sound workers; `shutDown` ends all.
  package static func start(corpus: Corpus, random: SeededGenerator) async throws -> EngineTarget {
    var random = random
    var configuration = MockEngine.Configuration()
    configuration.compatibility = random.oneIn(2) ? .current : .v0_13
    configuration.isTracingEnabled = random.oneIn(2)
    // Guests are checked by rules half of the time: by filters, and by a hook that nobody serves.
    let exposed: [FunctionFilter] = [.matching("*::f*"), .metadata([.matching("kind", "*")])]
    configuration.listeners.append(
      .init(
        access: AccessRules(
          exposeFunctions: exposed, onTriggerRegistrationFunctionID: random.oneIn(2) ? "fuzz::nobody" : nil)))
    let engine = try await MockEngine.start(configuration)
    let addresses = try engine.addresses.map { try Self.address($0) }
    let (address, guestAddress) = (addresses[0], addresses[random.oneIn(2) ? 1 : 0])
    let part = random.split()
    let visits = try await LoopRun(name: "fuzz") {
      EngineVisits(on: $0, address: address, guestAddress: guestAddress, corpus: corpus, random: part)
    }
    try await visits.run { $0.open($1) }
    return EngineTarget(engine: engine, visits: visits)
  }

  private static func address(_ url: String) throws -> SocketAddress {
    guard let port = url.split(separator: ":").last.flatMap({ UInt16($0) }),
      let address = SocketAddress(numericHost: "127.0.0.1", port: port)
    else { throw FuzzFailure("no address in \(url)") }
    return address
  }

  private init(engine: MockEngine, visits: LoopRun<EngineVisits>) {
    self.engine = engine
    self.visits = visits
  }

  /// Mutated frames on several connections, after whose end every call has ended.
  package func runVisit() async throws { try await visits.run { $0.run($1) } }

  package var counts: FuzzCounts { get async { await visits.get(\.counts) } }

  package func shutDown() async throws {
    await visits.get { $0.close() }
    let codes = (await engine.shutdownReportingLeaks(), await visits.loop.stop())
    guard codes == (0, 0) else { throw FuzzFailure("loops did not close: \(codes)") }
  }
}

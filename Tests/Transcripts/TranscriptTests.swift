import III
import IIIMockEngine
import Testing
import Transcripts

/// What the real engine said, our engine says: each conversation on an engine of its own, all at the same time.
@Suite struct TranscriptTests {
  @Test(.timeLimit(.minutes(5)), arguments: Transcript.all)
  func isPlayed(_ transcript: Transcript) async throws {
    let departures = Departures()
    var configuration = MockEngine.Configuration()
    configuration.compatibility = .v0_13
    let isFull = transcript.config.hasPrefix("full")
    configuration.isTracingEnabled = isFull && transcript.config != "full-untraced" || transcript.config == "traced"
    if !isFull { configuration.builtIns = [] }
    if let guarded = Listeners.guarded(transcript.config) { configuration.listeners.append(guarded) }
    configuration.isObservabilityEnabled = configuration.isTracingEnabled
    configuration.onEvent = departures.handler
    // Of engines with queues the player moves the clock.
    let hasQueues = transcript.config == "queue"
    if hasQueues {
      configuration.builtIns = [.queues]
      configuration.queues = Queues.declared
    }
    let time = hasQueues ? TimeSource.manual() : TimeSource.system
    let engine = try await MockEngine.start(configuration, time: time)
    let urls = Dictionary(uniqueKeysWithValues: zip(["main", "rbac"], engine.addresses))
    var player = TranscriptPlayer(transcript, urls: urls, departures: departures, time: hasQueues ? time : nil)
    try await player.play()
    await engine.shutdown()
  }

  @Test func allAreThere() { #expect(Transcript.all.count == 109) }
}

/// The queues of the recorded engines, as their configuration file has them.
private enum Queues {
  typealias Queue = MockEngine.Configuration.Queue

  static var declared: [String: Queue] {
    var slow = Queue(maxRetries: 2, concurrency: 1, backoff: .milliseconds(50))
    slow.pollInterval = .milliseconds(25)
    var four = Queue(maxRetries: 4, backoff: .milliseconds(50))
    four.pollInterval = .milliseconds(25)
    return [
      "q": Queue(concurrency: 5), "one": Queue(concurrency: 1), "slow": slow, "four": four,
      "zero": Queue(maxRetries: 0),
      "pay": Queue(maxRetries: 2, messageGroupField: "transaction_id", backoff: .milliseconds(50)),
    ]
  }
}

/// The second listeners of the recorded engines, as their configuration files have them.
private enum Listeners {
  typealias Listener = MockEngine.Configuration.Listener

  /// The listener with access control, or with a middleware, of a configuration; `nil` if it has one listener only.
  static func guarded(_ config: String) -> Listener? {
    let exposed: [FunctionFilter] = [.matching("public::*"), .matching("engine::functions::list")]
    switch config {
    case "rbac-auth": return Listener(access: AccessRules(authFunctionID: "test::auth", exposeFunctions: exposed))
    case "rbac": return Listener(access: hooked(exposed))
    case "rbac-middleware": return Listener(access: hooked(exposed), middlewareFunctionID: "test::middleware")
    case "rbac-open": return Listener(access: AccessRules(exposeFunctions: [.matching("public::*")]))
    case "middleware-open": return Listener(middlewareFunctionID: "test::middleware")
    case "rbac-filters": return Listener(access: AccessRules(exposeFunctions: filters))
    default: return nil
    }
  }

  private static func hooked(_ exposed: [FunctionFilter]) -> AccessRules {
    AccessRules(
      authFunctionID: "test::auth", exposeFunctions: exposed + [.metadata([.equals("exposed", true)])],
      onFunctionRegistrationFunctionID: "test::on-function", onTriggerRegistrationFunctionID: "test::on-trigger",
      onTriggerTypeRegistrationFunctionID: "test::on-trigger-type")
  }

  private static let filters: [FunctionFilter] =
    [
      "pre::*", "*::suf", "*mid*", "api::*::read", "a*b*c", "exact", "single::quoted", "trimmed",
      "engine::functions::list",
    ].map { .matching($0) } + [
      .metadata([.matching("tier", "gold*"), .equals("level", 1)]), .metadata([.equals("note", nil)]),
      .metadata([.equals("tags", ["a", "b"])]), .metadata([.equals("ratio", 1.5)]),
      .metadata([.equals("extra", true)]),
    ]
}

import III
import IIIMockEngine
import Testing

/// What the real engine said, our engine says: each conversation on an engine of its own, all at the same time.
@Suite struct TranscriptTests {
  @Test(.timeLimit(.minutes(1)), arguments: Transcript.all)
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
    try await withMockEngine(configuration) { engine in
      let urls = Dictionary(uniqueKeysWithValues: zip(["main", "rbac"], engine.addresses))
      var player = TranscriptPlayer(transcript, urls: urls, departures: departures)
      try await player.play()
    }
  }

  @Test func allAreThere() { #expect(Transcript.all.count == 95) }
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

import III
import Testing

@testable import IIIMockEngine

/// Which built-in workers an engine has.
@Suite struct BuiltInSelectionTests {
  private static func names(_ configuration: MockEngine.Configuration) -> [String] {
    configuration.settings.map { type(of: $0).workerName }
  }

  private static func load(_ text: String, _ environment: [String: String] = [:]) throws -> MockEngine.Configuration {
    MockEngine.Configuration(
      try ConfigurationFile.parse(text: text, path: "config.yaml", environment: Variables(environment)))
  }

  @Test("All built-in workers are on by default, but those that need an entry in a file")
  func defaults() {
    let configuration = MockEngine.Configuration()
    #expect(configuration.builtIns == MockEngine.BuiltIn.all && configuration.isObservabilityEnabled)
    let wanted = BuiltInCatalog.all.filter { $0.presence != .listed }.map { $0.workerName }
    #expect(Self.names(configuration) == wanted)
    let areOn = configuration.settings.map(\.isOn)
    #expect(!areOn.contains(false))
  }

  @Test("A configuration file switches on the workers that have an entry, and the environment may too")
  func files() throws {
    #expect(try Self.load("workers: []").builtIns.isEmpty)
    #expect(try Self.load("workers: [{name: iii-observability}]").builtIns == [.observability])
    #expect(try Self.load("workers: [{name: observability, config: {enabled: false}}]").builtIns.isEmpty)
    #expect(try Self.load("workers: []", ["OTEL_ENABLED": "true"]).builtIns == [.observability])
  }

  @Test("A worker that is switched on or off after the file was read keeps the file's settings")
  func changes() throws {
    var configuration = try Self.load("workers: [{name: iii-observability, config: {memory_max_spans: 7}}]")
    func settings() throws -> ObservabilitySettings {
      try #require(configuration.settings.lazy.compactMap { $0 as? ObservabilitySettings }.first)
    }
    configuration.builtIns.remove(.observability)
    #expect(try !settings().isEnabled && settings().keepsLogs && !configuration.isObservabilityEnabled)
    configuration.isObservabilityEnabled = true
    #expect(try settings().isEnabled && settings().memoryMaxSpans == 7)
  }

  @Test("The trigger types of a worker that is off are refused in its name")
  func refusedTypes() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns = []
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let types: JSONValue = try await worker.trigger("engine::triggers::list", payload: [:] as JSONValue)
      #expect(types == ["triggers": []])
    }
    #expect(BuiltInCatalog.worker(forTriggerType: "log") == "iii-observability")
    #expect(BuiltInCatalog.worker(forTriggerType: "http") == "iii-http")
    #expect(BuiltInCatalog.worker(forTriggerType: "mine") == nil)
  }
}

import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// A provider that says what it is told, in order, and refuses what asks for it.
struct Recorder: TriggerHandler {
  struct Config: Codable, Sendable, Equatable {
    var path: String
    var refuse: String?
  }
  struct Event: Sendable, Equatable {
    var isAdded: Bool
    var id: String
    var functionID: String
    var path: String
    var metadata: JSONValue?
  }

  let events = AsyncStream<Event>.makeStream()

  func registerTrigger(_ trigger: TriggerConfig<Config>) async throws {
    if let reason = trigger.config.refuse { throw IIIInvocationError(code: "REFUSED", message: reason) }
    note(true, trigger)
  }

  func unregisterTrigger(_ trigger: TriggerConfig<Config>) async throws { note(false, trigger) }

  private func note(_ isAdded: Bool, _ trigger: TriggerConfig<Config>) {
    events.continuation.yield(
      Event(
        isAdded: isAdded, id: trigger.id, functionID: trigger.functionID, path: trigger.config.path,
        metadata: trigger.metadata))
  }

  func next() async -> Event? { await events.stream.first { _ in true } }
}

@Suite struct SDKTriggerTests {
  static let type = RegisterTriggerTypeInput(
    id: "webhook", description: "Called from outside", triggerRequestFormat: ["type": "object"])

  @Test func aProviderHearsOfTriggersAndOfTheirEnd() async throws {
    try await withMockEngine { engine in
      let provider = try await engine.registerWorker(options: InitOptions(workerName: "provider"))
      let recorder = Recorder()
      try provider.registerTriggerType(Self.type, handler: recorder)
      try await engine.waitForTriggerType("webhook")
      let owner = try await registerWorker(engine.url)
      let trigger = try owner.registerTrigger(
        type: "webhook", functionID: "f", config: Recorder.Config(path: "/a"), metadata: ["m": 1])
      #expect(
        await recorder.next()
          == .init(isAdded: true, id: trigger.id, functionID: "f", path: "/a", metadata: ["m": 1]))
      trigger.unregister()
      trigger.unregister()
      #expect(
        await recorder.next()
          == .init(isAdded: false, id: trigger.id, functionID: "f", path: "/a", metadata: ["m": 1]))
      let second = try owner.registerTrigger(type: "webhook", functionID: "g", config: Recorder.Config(path: "/b"))
      #expect(await recorder.next()?.id == second.id)
      await owner.shutdown()
      let end = await recorder.next()
      #expect(end?.isAdded == false && end?.id == second.id)
    }
  }

  @Test func aRefusalReachesTheOwner() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns.remove(.http)
    try await withMockEngine(configuration) { engine in
      let provider = try await engine.registerWorker()
      try provider.registerTriggerType(Self.type, handler: Recorder())
      try await engine.waitForTriggerType("webhook")
      let owner = try await engine.registerWorker()
      for (config, code, message) in [
        (["path": "/x", "refuse": "not today"] as JSONValue, "REFUSED", "not today"),
        (["path": 5], "trigger_registration_failed", "invalid config: path"),
        (nil, "trigger_registration_failed", "invalid config"),
      ] {
        let trigger = try owner.registerTrigger(
          RegisterTriggerInput(type: "webhook", functionID: "f", config: config))
        let error = try await registrationError(of: trigger, owner, provider)
        #expect(error.code == code && error.message.hasPrefix(message) && error.functionID == "f")
      }
      let missing = try owner.registerTrigger(HttpTriggerConfig(apiPath: "/a"), functionID: "f")
      let error = try await registrationError(of: missing, owner, provider)
      #expect(error.code == "trigger_type_not_found" && error.message.contains("iii-http"))
    }
  }

  /// Calls go round until the refusal has come: each is answered after what the engine sent before.
  func registrationError(of trigger: Trigger, _ workers: III...) async throws -> IIIInvocationError {
    while true {
      if let error = trigger.registrationError { return error }
      for worker in workers { _ = try await worker.listTriggerTypes() }
    }
  }

  @Test func aProviderThatComesBackGetsItsTriggersAgain() async throws {
    try await withMockEngine { engine in
      let owner = try await engine.registerWorker()
      // Nobody provides the type yet: the trigger waits.
      let trigger = try owner.registerTrigger(type: "webhook", functionID: "f", config: Recorder.Config(path: "/a"))
      _ = try await owner.listTriggers()
      for _ in 0..<2 {
        let provider = try await registerWorker(engine.url)
        let recorder = Recorder()
        try provider.registerTriggerType(Self.type, handler: recorder)
        #expect(await recorder.next()?.id == trigger.id)
        await provider.shutdown()
      }
      #expect(trigger.registrationError == nil)
    }
  }

  @Test func aTypeIsGivenUp() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns = [.observability]
    try await withMockEngine(configuration) { engine in
      let provider = try await engine.registerWorker()
      let ref = try provider.registerTriggerType(Self.type, request: String.self, handler: Recorder())
      try ref.registerFunction("takes::text") { (text: String) async in text.uppercased() }
      #expect(try await provider.listTriggerTypes().map(\.id) == ["log", "webhook"])
      let shout: String = try await provider.trigger("takes::text", payload: "a")
      #expect(shout == "A")
      ref.unregister()
      #expect(try await provider.listTriggerTypes().map(\.id) == ["log"])
      provider.unregisterTriggerType(id: "unknown")
      #expect(try await provider.listTriggerTypes().map(\.id) == ["log"])
    }
  }

  @Test func discoveryDecodesBothEnginesRows() async throws {
    for compatibility in [Compatibility.current, .v0_13] {
      var configuration = MockEngine.Configuration()
      configuration.compatibility = compatibility
      configuration.builtIns = [.observability]
      try await withMockEngine(configuration) { engine in
        let worker = try await engine.registerWorker(options: InitOptions(workerName: "calc"))
        try worker.registerFunction(
          "math::add", description: "Adds", metadata: ["team": "x"], requestFormat: .schema(["type": "array"])
        ) { (numbers: [Int]) async in numbers.reduce(0, +) }
        try worker.registerTriggerType(Self.type, handler: Recorder())
        let trigger = try worker.registerTrigger(
          type: "webhook", functionID: "math::add", config: Recorder.Config(path: "/a"))
        let functions = try await worker.listFunctions()
        #expect(functions.map(\.functionID) == ["math::add"] && functions[0].workerName == "calc")
        #expect(try await worker.listFunctions(prefix: "nothing").isEmpty)
        #expect(try await worker.listFunctions(search: "ADDS", worker: "calc").count == 1)
        #expect(try await worker.listFunctions(includeInternal: true).count > 5)
        let info = try await worker.functionInfo("math::add")
        #expect(info.description == "Adds" && info.metadata == ["team": "x"] && info.requestFormat == ["type": "array"])
        await #expect(throws: IIIInvocationError.self) { try await worker.functionInfo("nothing") }
        let triggers = try await worker.listTriggers(functionID: "math::add", triggerType: "webhook")
        #expect(triggers.map(\.id) == [trigger.id] && triggers[0].configSummary == #"{"path":"/a"}"#)
        #expect(try await worker.listTriggerTypes(includeInternal: true).count == 4)
        let workers = try await worker.listWorkers()
        #expect(workers.contains { $0.name == "calc" && $0.status == .connected && $0.runtime == "swift" })
        #expect(workers.contains { $0.status == .available })
      }
    }
  }

  @Test func changesOfFunctionsAreToldByTheEnginesTime() async throws {
    let time = TimeSource.manual()
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: time)
    let worker = try await engine.registerWorker()
    let seen = AsyncStream<[String]>.makeStream()
    let cancellation = try worker.onFunctionsAvailable { functions in
      seen.continuation.yield(functions.map(\.functionID).filter { $0.hasPrefix("test::") })
    }
    try worker.registerFunction("test::f") { (n: Int) async in n }
    try await engine.waitForFunction("test::f")
    _ = try await worker.listTriggers()
    await time.advance(by: .seconds(5))
    #expect(await seen.stream.first { _ in true } == ["test::f"])
    cancellation.cancel()
    #expect(try await worker.listTriggers(triggerType: EngineTriggers.functionsAvailable).isEmpty)
    #expect(try await worker.listFunctions(prefix: "iii::on-functions").isEmpty)
    #expect(await engine.shutdownReportingLeaks() == 0)
  }

  @Test func nothingIsRegisteredAfterShutdown() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      await worker.shutdown()
      #expect(throws: IIIInvocationError.self) {
        try worker.registerTrigger(RegisterTriggerInput(type: "t", functionID: "f"))
      }
      #expect(throws: IIIInvocationError.self) { try worker.registerTriggerType(Self.type, handler: Recorder()) }
      #expect(throws: IIIInvocationError.self) { try worker.registerFunction("f") { (n: Int) async in n } }
      await #expect(throws: IIIInvocationError.self) { try await worker.listFunctions() }
    }
  }

  @Test func idsMustSaySomething() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      #expect(throws: IIIRegistrationError(reason: .emptyID)) {
        try worker.registerTriggerType(RegisterTriggerTypeInput(id: " ", description: ""), handler: Recorder())
      }
      #expect(throws: IIIRegistrationError.self) {
        try worker.registerTrigger(RegisterTriggerInput(type: "t", functionID: "f", namespace: " "))
      }
    }
  }
}

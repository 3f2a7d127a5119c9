import III
import Testing

/// Triggers of the SDK, and of the engine where it has them.
@Suite(Live.isOn, .timeLimit(.minutes(2))) struct LiveTriggerTests {
  /// Tells of each trigger that it is given, and calls its function once.
  private struct Recorder: TriggerHandler {
    struct Config: Codable, Sendable, Equatable { let from: Int }
    let worker: III
    let note: AsyncStream<String>.Continuation

    func registerTrigger(_ trigger: TriggerConfig<Config>) async throws {
      note.yield("registered \(trigger.config.from)")
      try await worker.trigger(trigger.functionID, payload: trigger.config.from, action: .void())
    }
    func unregisterTrigger(_ trigger: TriggerConfig<Config>) async throws { note.yield("unregistered") }
  }

  @Test("a worker provides a type of triggers, and hears of each trigger and of its end")
  func ownType() async throws {
    try await Live.withWorker { provider in
      try await Live.withWorker(InitOptions(workerName: "live user")) { user in
        let (type, function) = (Live.id("type"), Live.id("tick"))
        let (notes, note) = AsyncStream<String>.makeStream()
        try provider.registerTriggerType(
          RegisterTriggerTypeInput(id: type, description: "for a test"), handler: Recorder(worker: provider, note: note)
        )
        try await provider.fence()
        let ticks = try user.feed(function)
        let trigger = try user.registerTrigger(type: type, functionID: function, config: ["from": 3])
        #expect(try await first(of: ticks) == 3)
        trigger.unregister()
        var heard: [String] = []
        for await text in notes.prefix(2) { heard.append(text) }
        #expect(heard == ["registered 3", "unregistered"])
      }
    }
  }

  @Test("cron calls each second")
  func cron() async throws {
    try await Live.withWorker { worker in
      guard try await worker.listTriggerTypes(includeInternal: true).contains(where: { $0.id == "cron" }) else {
        return print("live: the engine has no cron")
      }
      let ticks = try worker.feed(Live.id("tick"), boundTo: CronTriggerConfig(expression: "* * * * * *"))
      let tick = try await first(of: ticks)
      #expect(tick["scheduled_time"] != nil || tick["actual_time"] != nil, "\(tick)")
    }
  }

  @Test("what is published reaches the subscribers of its topic only")
  func pubSub() async throws {
    try await Live.withWorker { worker in
      guard try await worker.engineOffers("publish") else { return print("live: the engine has no pub/sub") }
      let (topic, other) = (Live.id("topic"), Live.id("other"))
      let heard = try worker.feed(Live.id("heard"), boundTo: SubscribeTriggerConfig(topic: topic))
      try await worker.fence()
      try await worker.trigger("publish", payload: ["topic": .string(other), "data": 1])
      try await worker.trigger("publish", payload: ["topic": .string(topic), "data": ["n": 2]])
      let message = try await first(of: heard)
      #expect("\(message)".contains("2"), "\(message)")
    }
  }

  @Test("state is set, read, listed, changed and deleted")
  func state() async throws {
    struct Person: Codable, Sendable, Equatable {
      var name: String
      var age: Int
    }
    try await Live.withWorker { worker in
      guard try await worker.engineOffers("state::set") else { return print("live: the engine has no state") }
      let (state, scope) = (State(worker), Live.id("scope"))
      let ada = Person(name: "ada", age: 36)
      #expect(try await state.get(scope: scope, key: "ada", as: Person.self) == nil)
      try await state.set(scope: scope, key: "ada", value: ada)
      #expect(try await state.get(scope: scope, key: "ada") == ada)
      try await state.set(scope: scope, key: "bob", value: Person(name: "bob", age: 5))
      #expect(try await Set(state.list(scope: scope, as: Person.self).map(\.name)) == ["ada", "bob"])
      let changed = try await state.update(
        scope: scope, key: "bob", ops: [.increment(path: "age", by: 2)], as: Person.self)
      #expect(changed.newValue == Person(name: "bob", age: 7))
      for key in ["ada", "bob"] { try await state.delete(scope: scope, key: key) }
      #expect(try await state.get(scope: scope, key: "ada", as: Person.self) == nil)
    }
  }

  @Test("a call through a queue has a receipt and arrives; an unknown queue is an error")
  func queues() async throws {
    try await Live.withWorker { worker in
      let id = Live.id("job")
      let jobs = try worker.feed(id)
      try await worker.fence()
      let error = await #expect(throws: IIIInvocationError.self) {
        try await worker.trigger(id, payload: 1, action: .enqueue(queue: Live.id("queue")))
      }
      #expect(error?.code == IIIErrorCode.enqueueError)
      do {
        let receipt = try await worker.trigger(id, payload: ["n": 1], action: .enqueue(queue: "default"))
        #expect(!receipt.messageReceiptId.isEmpty)
      } catch let error as IIIInvocationError where error.code == IIIErrorCode.enqueueError {
        return print("live: the engine has no queue 'default'")
      }
      #expect(try await first(of: jobs) == ["n": 1])
    }
  }
}

extension III {
  /// As `feed`, with a trigger of the engine that calls the function.
  fileprivate func feed(_ functionID: String, boundTo config: some BuiltinTriggerConfig) throws -> AsyncStream<
    JSONValue
  > {
    let stream = try feed(functionID)
    try registerTrigger(config, functionID: functionID)
    return stream
  }
}

import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// The warnings of an engine, as they come.
struct Warnings {
  let stream: AsyncStream<String>
  private let feed: AsyncStream<String>.Continuation

  init() { (stream, feed) = AsyncStream.makeStream() }

  /// An engine's configuration whose warnings come here.
  var configuration: MockEngine.Configuration {
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { [feed] event in
      if case .warning(let text) = event { feed.yield(text) }
    }
    return configuration
  }

  /// The first warning from now on that has this text.
  func first(with text: String) async -> String? { await stream.first { $0.contains(text) } }
}

extension III {
  /// A function that passes on what it is called with.
  func feed(_ id: String) throws -> AsyncStream<JSONValue> {
    let (stream, feed) = AsyncStream.makeStream(of: JSONValue.self)
    try registerFunction(id) { (data: JSONValue) async in _ = feed.yield(data) }
    return stream
  }

  func ask(_ function: String, _ payload: JSONValue) async throws -> JSONValue {
    try await trigger(function, payload: payload)
  }
}

@Suite struct PubSubWorkerTests {
  @Test("a subscriber's function is called with the data itself, once for each subscription")
  func publishing() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let seen = try worker.feed("seen")
      for _ in 0..<2 {
        try worker.registerTrigger(type: "subscribe", functionID: "seen", config: ["topic": "t"] as JSONValue)
      }
      try worker.registerTrigger(type: "subscribe", functionID: "seen", config: ["topic": "other"] as JSONValue)

      #expect(try await worker.ask("publish", ["topic": "t", "data": ["n": 1.0]]) == .null)
      _ = try await worker.ask("publish", ["topic": "nobody", "data": 0])
      _ = try await worker.ask("publish", ["topic": "other", "data": "last"])

      var received: [JSONValue] = []
      for await data in seen {
        received.append(data)
        if received.count == 3 { break }
      }
      #expect(received.filter { $0 == ["n": 1.0] }.count == 2 && received.contains("last"))
    }
  }

  @Test("a subscription that ends, and a worker that leaves, end no other subscription")
  func ending() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let (one, two) = (try worker.feed("one"), try worker.feed("two"))
      let first = try worker.registerTrigger(type: "subscribe", functionID: "one", config: ["topic": "t"] as JSONValue)
      try worker.registerTrigger(type: "subscribe", functionID: "two", config: ["topic": "t"] as JSONValue)
      let other = try await engine.registerWorker()
      let three = try other.feed("three")
      try other.registerTrigger(type: "subscribe", functionID: "three", config: ["topic": "t"] as JSONValue)
      try await CronWorkerTests.settle(other)
      first.unregister()
      _ = try await worker.ask("publish", ["topic": "t", "data": 1])
      #expect(await two.first { _ in true } == 1)
      #expect(await three.first { _ in true } == 1)

      await other.shutdown()
      _ = try await worker.ask("publish", ["topic": "t", "data": 2])
      #expect(await two.first { _ in true } == 2)
      _ = try await worker.ask("one", "end")
      #expect(await one.first { _ in true } == "end")
    }
  }

  @Test("a test publishes without a worker")
  func publishingWithoutWorker() async throws {
    try await withMockEngine { engine in
      try await engine.publish(topic: "nobody", data: 1)
      let worker = try await engine.registerWorker()
      let seen = try worker.feed("seen")
      try worker.registerTrigger(type: "subscribe", functionID: "seen", config: ["topic": "t"] as JSONValue)
      try await engine.waitForFunction("seen")
      _ = try await worker.ask("engine::triggers::list", [:])
      try await engine.publish(topic: "t", data: ["id": 17])
      #expect(await seen.first { _ in true } == ["id": 17])

      let error = await #expect(throws: IIIInvocationError.self) { try await engine.publish(topic: "", data: 1) }
      #expect(error?.code == "topic_not_set")
    }
  }

  @Test("without iii-pubsub, publishing says so")
  func switchedOff() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns.remove(.pubSub)
    try await withMockEngine(configuration) { engine in
      _ = await #expect(throws: MockEngineError.builtInIsOff(.pubSub)) { try await engine.publish(topic: "t", data: 1) }
    }
  }

  @Test("a subscriber that fails or is missing keeps no other from its call, and the log tells of it")
  func failures() async throws {
    let warnings = Warnings()
    try await withMockEngine(warnings.configuration) { engine in
      let worker = try await engine.registerWorker()
      let seen = try worker.feed("seen")
      try worker.registerFunction("fails") { (_: JSONValue) async throws -> Void in
        throw IIIInvocationError(code: "BROKE", message: "as it should")
      }
      for function in ["missing", "fails", "seen"] {
        try worker.registerTrigger(type: "subscribe", functionID: function, config: ["topic": "t"] as JSONValue)
      }
      _ = try await worker.ask("publish", ["topic": "t", "data": 1])
      #expect(await seen.first { _ in true } == 1)
      #expect(await warnings.first(with: "'missing'") != nil)
      #expect(await warnings.first(with: "BROKE: as it should") != nil)
    }
  }

  @Test("a subscription without a topic is warned of", arguments: ["{}", #"{"topic":""}"#, #"{"topic":5}"#, "null"])
  func withoutTopic(config: String) async throws {
    let warnings = Warnings()
    try await withMockEngine(warnings.configuration) { engine in
      let worker = try await engine.registerWorker()
      try worker.registerTrigger(type: "subscribe", functionID: "f", config: try JSONValue(parsing: config))
      #expect(await warnings.first(with: "names no topic") != nil)
    }
  }
}

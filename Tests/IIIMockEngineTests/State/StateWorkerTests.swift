import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct StateWorkerTests {
  static func at(_ key: String, _ more: JSONObject = [:], scope: String = "s") -> JSONValue {
    var input: JSONObject = ["scope": .string(scope), "key": .string(key)]
    for (name, value) in more { input[name] = .some(value) }
    return .object(input)
  }

  @Test("values are set, read, listed and deleted")
  func functions() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      #expect(try await worker.ask("state::get", Self.at("k")) == .null)
      #expect(
        try await worker.ask("state::set", Self.at("k", ["value": ["b": 1, "a": 1.0]]))
          == ["new_value": ["b": 1, "a": 1.0], "old_value": nil])
      #expect(try await worker.ask("state::set", Self.at("l", ["data": nil])) == ["new_value": nil, "old_value": nil])
      #expect(try await worker.ask("state::get", Self.at("k")).jsonString() == #"{"b":1,"a":1.0}"#)
      #expect(try await worker.ask("state::list", ["scope": "s"]) == [["b": 1, "a": 1.0], nil])
      #expect(try await worker.ask("state::delete", Self.at("k")) == ["b": 1, "a": 1.0])
      #expect(try await worker.ask("state::list_groups", [:]) == ["groups": ["s"]])
      let error = await #expect(throws: IIIInvocationError.self) {
        _ = try await worker.ask("state::set", ["scope": "s"])
      }
      #expect(error?.message == "Failed to deserialize input for state::set: missing field `key`")
    }
  }

  @Test("a test reads and sets what is stored, without a worker")
  func withoutWorker() async throws {
    try await withMockEngine { engine in
      let scope = engine.state(scope: "s")
      #expect(try await scope.value("k") == nil)
      try await scope.set("k", to: ["a": 1])
      try await scope.set("null", to: nil)
      #expect(try await scope.value("k") == ["a": 1])
      #expect(try await scope.value("null") == .some(.null))
      #expect(try await scope.keys == ["k", "null"])
      try await scope.remove("k")
      #expect(try await scope.value("k") == nil)
    }
  }

  @Test("a trigger is called with each change that it matches")
  func triggers() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let events = try worker.feed("seen")
      let trigger = try worker.registerTrigger(
        type: "state", functionID: "seen", config: ["scope": "s", "key": "k"] as JSONValue)
      _ = try await worker.ask("state::set", Self.at("other", ["value": 0]))
      _ = try await worker.ask("state::set", Self.at("k", ["value": 1]))
      let created: JSONValue = [
        "event_type": "state:created", "key": "k", "new_value": 1, "old_value": nil, "scope": "s", "type": "state",
      ]
      #expect(await events.first { _ in true } == created)
      try await engine.state(scope: "s").set("k", to: 2)
      #expect(await events.first { _ in true }?["old_value"] == 1)
      _ = try await worker.ask("state::delete", Self.at("k"))
      #expect(await events.first { _ in true }?["event_type"] == "state:deleted")

      trigger.unregister()
      _ = try await worker.ask("state::set", Self.at("k", ["value": 3]))
      _ = try await worker.ask("seen", "end")
      #expect(await events.first { _ in true } == "end")
    }
  }

  @Test("triggers of one event run one after another, and an event does not wait for the one before")
  func sequence() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let (calls, feed) = AsyncStream.makeStream(of: String.self)
      let (releases, release) = AsyncStream.makeStream(of: Void.self)
      for name in ["first", "second"] {
        try worker.registerFunction(name) { (event: JSONValue) async in
          guard case .string(let key)? = event["key"] else { return }
          feed.yield("\(name) \(key)")
          if key == "slow" { _ = await releases.first { _ in true } }
        }
        try worker.registerTrigger(type: "state", functionID: name, config: ["scope": "s"] as JSONValue)
      }
      _ = try await worker.ask("state::set", Self.at("slow", ["value": 1]))
      #expect(await calls.first { _ in true } == "first slow")
      _ = try await worker.ask("state::set", Self.at("quick", ["value": 1]))
      #expect(await calls.first { _ in true } == "first quick")
      #expect(await calls.first { _ in true } == "second quick")
      release.yield()
      #expect(await calls.first { _ in true } == "second slow")
      release.yield()
    }
  }

  @Test("a thousand parallel updates of one key lose nothing")
  func parallelUpdates() async throws {
    try await withMockEngine { engine in
      let workers = [try await engine.registerWorker(), try await engine.registerWorker()]
      let operations: JSONValue = [
        ["type": "increment", "path": "count", "by": 1], ["type": "append", "path": ["log"], "value": 1],
      ]
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<1000 {
          let worker = workers[number % 2]
          group.addTask { _ = try await worker.ask("state::update", Self.at("k", ["ops": operations])) }
        }
        try await group.waitForAll()
      }
      let value = try await engine.state(scope: "s").value("k")
      #expect(value?["count"] == 1000 && value?["log"]?[999] == 1 && value?["log"]?[1000] == nil)
    }
  }

  @Test("a condition that is missing, fails or is its trigger's own function stops no other trigger")
  func conditions() async throws {
    let warnings = Warnings()
    try await withMockEngine(warnings.configuration) { engine in
      let worker = try await engine.registerWorker()
      let (events, feed) = AsyncStream.makeStream(of: String.self)
      try worker.registerFunction("fails") { (_: JSONValue) async throws -> Bool in
        throw IIIInvocationError(code: "BROKE", message: "as it should")
      }
      try worker.registerFunction("itself") { (_: JSONValue) async -> Bool in
        feed.yield("itself")
        return true
      }
      for name in ["skipped", "called"] {
        try worker.registerFunction(name) { (_: JSONValue) async in _ = feed.yield(name) }
      }
      for (function, condition) in [("skipped", "missing"), ("skipped", "fails"), ("itself", "itself")] {
        try worker.registerTrigger(
          type: "state", functionID: function,
          config: ["scope": "s", "condition_function_id": .string(condition)] as JSONValue)
      }
      try worker.registerTrigger(type: "state", functionID: "called", config: ["scope": "s"] as JSONValue)
      _ = try await worker.ask("state::set", Self.at("k", ["value": 1]))
      for wanted in ["itself", "itself", "called"] { #expect(await events.first { _ in true } == wanted) }
      #expect(await warnings.first(with: "missing") != nil)
      #expect(await warnings.first(with: "BROKE") != nil)
    }
  }

  @Test("a trigger whose function changes what it watches is seen in the log, and others have their turn")
  func loop() async throws {
    let warnings = Warnings()
    try await withMockEngine(warnings.configuration) { engine in
      let worker = try await engine.registerWorker()
      // The engine's own function, called with the event: it deletes the key, which is an event again.
      let trigger = try worker.registerTrigger(
        type: "state", functionID: "state::delete", config: ["scope": "s", "key": "k"] as JSONValue)
      _ = try await worker.ask("state::set", Self.at("k", ["value": 1]))
      #expect(await warnings.first(with: "'\(trigger.id)' has fired 1000 times within a second") != nil)
      let other = try await engine.registerWorker()
      for number in 0..<20 {
        _ = try await other.ask("state::set", Self.at("other", ["value": .int(Int64(number))]))
      }
      trigger.unregister()
      _ = try await worker.ask("state::set", Self.at("k", ["value": 2]))
      #expect(try await engine.state(scope: "s").value("k") == 2)
    }
  }

  @Test("a key of 1 MiB is a key as any other")
  func longKey() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let key = String(repeating: "0123456789abcdef", count: 1 << 16)
      let events = try worker.feed("seen")
      try worker.registerTrigger(type: "state", functionID: "seen", config: ["key": .string(key)] as JSONValue)
      _ = try await worker.ask("state::set", Self.at(key, ["value": 1]))
      #expect(await events.first { _ in true }?["key"] == .string(key))
      #expect(try await worker.ask("state::get", Self.at(key)) == 1)
    }
  }
}

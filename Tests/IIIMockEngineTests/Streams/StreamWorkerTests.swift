import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite(.timeLimit(.minutes(5))) struct StreamWorkerTests {
  static func item(_ id: String, _ more: JSONObject = [:], stream: String = "s", group: String = "g") -> JSONValue {
    var input: JSONObject = ["stream_name": .string(stream), "group_id": .string(group), "item_id": .string(id)]
    for (name, value) in more { input[name] = .some(value) }
    return .object(input)
  }

  @Test("items are set, read, changed, listed and deleted")
  func functions() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      #expect(
        try await worker.ask("stream::set", Self.item("i", ["data": ["b": 1, "a": 1.0]]))
          == ["new_value": ["b": 1, "a": 1.0], "old_value": nil])
      #expect(try await worker.ask("stream::get", Self.item("i")).jsonString() == #"{"b":1,"a":1.0}"#)
      #expect(
        try await worker.ask(
          "stream::update", Self.item("i", ["ops": [["type": "increment", "path": "b", "by": 1]]]))
          == ["new_value": ["b": 2, "a": 1.0], "old_value": ["b": 1, "a": 1.0]])
      #expect(
        try await worker.ask("stream::update", Self.item("i", ["ops": [["type": "increment", "path": "c", "by": 1]]]))[
          "new_value"]?["c"] == 1)
      #expect(
        try await worker.ask("stream::list", ["stream_name": "s", "group_id": "g"]) == [["b": 2, "a": 1.0, "c": 1]])
      #expect(try await worker.ask("stream::list_groups", ["stream_name": "s"]) == ["g"])
      #expect(
        try await worker.ask("stream::list_all", [:]) == ["count": 1, "stream": [["groups": ["g"], "id": "s"]]])
      #expect(try await worker.ask("stream::delete", Self.item("i"))["old_value"]?["b"] == 2)
      #expect(try await worker.ask("stream::delete", Self.item("i")) == ["old_value": nil])
      // State has a store of its own.
      #expect(try await worker.ask("state::list_groups", [:]) == ["groups": []])
    }
  }

  @Test("a test reads and changes a stream without a worker, and triggers fire")
  func withoutWorker() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let events = try worker.feed("seen")
      let trigger = try worker.registerTrigger(
        type: "stream", functionID: "seen", config: ["stream_name": "chat", "group_id": "g"] as JSONValue)
      try await engine.waitForTrigger(trigger.id)
      let chat = engine.stream("chat")
      #expect(try await chat.set("i", in: "g", to: ["n": 1]) == nil)
      #expect(try await chat.set("i", in: "g", to: ["n": 2]) == ["n": 1])
      #expect(try await chat.value("i", in: "g") == ["n": 2])
      #expect(try await chat.items(in: "g") == [["n": 2]])
      #expect(try await chat.groups == ["g"])
      try await chat.set("i", in: "other", to: 1)
      try await chat.send("typing", data: ["who": "ada"], to: "g")
      #expect(try await chat.remove("i", in: "g") == ["n": 2])
      #expect(try await chat.remove("i", in: "g") == nil)
      #expect(try await chat.value("i", in: "g") == nil)
      var seen: [JSONValue] = []
      for await event in events {
        #expect(event["streamName"] == "chat" && event["groupId"] == "g" && event["type"] == "stream")
        seen.append(event["event"] ?? nil)
        if seen.count == 4 { break }
      }
      // Events do not wait for each other, so their functions may begin in any order.
      let wanted: Set<JSONValue> = [
        ["type": "create", "data": ["n": 1]], ["type": "update", "data": ["n": 2]],
        ["type": "delete", "data": ["n": 2]],
        ["type": "event", "event": ["type": "typing", "data": ["who": "ada"]]],
      ]
      #expect(Set(seen) == wanted)
    }
  }

  @Test("functions named for a stream serve it in place of the store, and events are made all the same")
  func customFunctions() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let events = try worker.feed("seen")
      try worker.registerFunction("stream::set(mine)") { (input: JSONValue) async -> JSONValue in
        ["new_value": input]
      }
      try worker.registerFunction("stream::get(mine)") { (_: JSONValue) async -> JSONValue in "custom" }
      try worker.registerFunction("stream::delete(mine)") { (_: JSONValue) async throws -> JSONValue in
        throw IIIInvocationError(code: "NO", message: "not here")
      }
      let trigger = try worker.registerTrigger(
        type: "stream", functionID: "seen", config: ["stream_name": "mine"] as JSONValue)
      try await engine.waitForTrigger(trigger.id)
      let set = try await worker.ask("stream::set", Self.item("i", ["data": 1, "extra": 2], stream: "mine"))
      let passed: JSONValue = ["data": 1, "group_id": "g", "item_id": "i", "stream_name": "mine"]
      #expect(set == ["new_value": passed, "old_value": nil])
      #expect(await events.first { _ in true }?["event"] == ["type": "create", "data": passed])
      #expect(try await worker.ask("stream::get", Self.item("i", stream: "mine")) == "custom")
      let error = await #expect(throws: IIIInvocationError.self) {
        try await engine.stream("mine").remove("i", in: "g")
      }
      #expect(error?.code == "STREAM_DELETE_ERROR")
      #expect(error?.message.contains(#"ErrorBody { code: "NO""#) == true)
      // An operation without a function of its own, and other streams, use the store.
      #expect(try await worker.ask("stream::list", ["stream_name": "mine", "group_id": "g"]) == [])
      #expect(try await worker.ask("stream::get", Self.item("i")) == .null)
    }
  }

  @Test("a condition that says false keeps its trigger from firing")
  func condition() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let events = try worker.feed("seen")
      try worker.registerFunction("isLarge") { (event: JSONValue) async -> Bool in
        if case .int(let number)? = event["event"]?["data"] { number > 10 } else { false }
      }
      let trigger = try worker.registerTrigger(
        type: "stream", functionID: "seen",
        config: ["stream_name": "s", "condition_function_id": "isLarge"] as JSONValue)
      try await engine.waitForTrigger(trigger.id)
      let stream = engine.stream("s")
      try await stream.set("i", in: "g", to: 1)
      try await stream.set("i", in: "g", to: 11)
      #expect(await events.first { _ in true }?["event"]?["data"] == 11)
    }
  }

  @Test("items in a folder are there again after a restart, in their order")
  func onDisk() async throws {
    let folder = try TemporaryFolder()
    let file = try ConfigurationFile.parse(
      text: """
        workers:
          - name: iii-worker-manager
            config: { host: 127.0.0.1, port: 0 }
          - name: iii-stream
            config:
              port: 0
              host: 127.0.0.1
              adapter: { name: kv, config: { store_method: file_based, file_path: "\(folder.path)", channel_size: 8 } }
        """, path: "config.yaml", environment: Variables([:]))
    #expect(file.warnings.isEmpty)
    try await withMockEngine(MockEngine.Configuration(file)) { engine in
      let stream = engine.stream("s")
      for item in ["z", "a", "gone"] { try await stream.set(item, in: "g", to: .string(item)) }
      try await stream.remove("gone", in: "g")
    }
    try await withMockEngine(MockEngine.Configuration(file)) { engine in
      let items = try await engine.stream("s").items(in: "g")
      #expect(items == ["z", "a"])
    }
  }

  @Test("items survive a restart that keeps state, and a reset forgets them")
  func restartAndReset() async throws {
    try await withMockEngine { engine in
      let stream = engine.stream("s")
      try await stream.set("i", in: "g", to: 1)
      try await engine.restart(keepingState: true)
      #expect(try await stream.value("i", in: "g") == 1)
      try await engine.reset()
      #expect(try await stream.items(in: "g").isEmpty)
    }
  }

  @Test("an engine without iii-stream says so")
  func off() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns.remove(.streams)
    try await withMockEngine(configuration) { engine in
      #expect(await engine.streamURL == nil)
      await #expect(throws: MockEngineError.builtInIsOff(.streams)) {
        try await engine.stream("s").set("i", in: "g", to: 1)
      }
    }
  }
}

import Foundation
import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// Built-in workers that a changed configuration adds, removes and replaces.
@Suite(.timeLimit(.minutes(5))) struct ReloadWorkersTests {
  private func file(_ workers: String...) throws -> ConfigurationFile {
    let lines = ["iii-worker-manager, config: { host: 127.0.0.1, port: 0 }"] + workers
    return try ConfigurationFile.parse(
      text: "workers:\n" + lines.map { "  - { name: \($0) }\n" }.joined(), path: "config.yaml",
      environment: Variables([:]))
  }

  @discardableResult
  private func reload(
    _ engine: MockEngine, from old: ConfigurationFile, to new: ConfigurationFile
  ) async throws -> ConfigurationReload {
    try await engine.reload(new, ConfigurationChange(from: old, to: new))
  }

  @Test(
    "a worker that is added has its functions; triggers that waited for it fire; one that is removed has nothing left")
  func state() async throws {
    let (without, with) = (try file(), try file("iii-state"))
    try await withMockEngine(MockEngine.Configuration(without)) { engine in
      let worker = try await engine.registerWorker()
      let (events, feed) = AsyncStream.makeStream(of: JSONValue.self)
      try worker.registerFunction("on") { (event: JSONValue) async in
        feed.yield(event["new_value"] ?? nil)
        return JSONValue.null
      }
      let trigger = try worker.registerTrigger(type: "state", functionID: "on", config: ["scope": "s"])
      try await engine.waitForFunction("on")
      var event = events.makeAsyncIterator()

      for value in [1, 2] as [JSONValue] {
        #expect(try await reload(engine, from: without, to: with).started == ["iii-state"])
        try await engine.waitForTrigger(trigger.id)
        try await engine.call("state::set", ["scope": "s", "key": "k", "value": value])
        #expect(await event.next() == value)
        #expect(try await reload(engine, from: with, to: without).stopped == ["iii-state"])
        let error = await #expect(throws: IIIInvocationError.self) {
          try await engine.call("state::get", ["scope": "s", "key": "k"])
        }
        #expect(error?.code == "function_not_found")
        let workers = try await engine.call("engine::workers::list", [:])["workers"]?.arrayValue ?? []
        #expect(!workers.contains { $0["name"] == "iii-state" })
      }
      #expect(worker.connectionState == .connected)
    }
  }

  @Test("HTTP ends with its port and its connections, and begins again with the triggers that are registered")
  func http() async throws {
    let (with, without) = (try file("iii-http, config: { host: 127.0.0.1, port: 0 }"), try file())
    try await withMockEngine(MockEngine.Configuration(with)) { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("hi") { (_: JSONValue) async -> JSONValue in ["body": "hi"] }
      let trigger = try worker.registerTrigger(HttpTriggerConfig(apiPath: "/hi"), functionID: "hi")
      try await engine.waitForTrigger(trigger.id)
      let url = try #require(await engine.url(.http))
      let client = try await RawHTTPClient.connect(url)
      await client.request("GET", "/hi")
      #expect(try await client.response().text == "\"hi\"")

      #expect(try await reload(engine, from: with, to: without).stopped == ["iii-http"])
      #expect(await client.isEnded())
      #expect(await engine.url(.http) == nil)
      await #expect(throws: (any Error).self) { try await RawHTTPClient.connect(url) }

      #expect(try await reload(engine, from: without, to: with).started == ["iii-http"])
      #expect(try await engine.http.request(.get, "/hi").text == "\"hi\"")
      let again = try await RawHTTPClient.connect(try #require(await engine.url(.http)))
      await again.request("GET", "/hi")
      #expect(try await again.response().status == 200)
      await again.close()
    }
  }

  @Test("calls that a removed worker has not answered fail")
  func pendingCalls() async throws {
    let (with, without) = (try file("iii-stream, config: { host: 127.0.0.1, port: 0 }"), try file())
    try await withMockEngine(MockEngine.Configuration(with)) { engine in
      try engine.hang("stream::get(chat)")
      let input: JSONValue = ["stream_name": "chat", "group_id": "g", "item_id": "i"]
      let call = Task { try await engine.call("stream::get", input) }
      try await engine.waitForInvocation(of: "stream::get(chat)")
      try await reload(engine, from: with, to: without)
      let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
      #expect(error?.code == "invocation_stopped")
    }
  }

  @Test("what a removed worker has on disk is there when it is added again")
  func disk() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "iii-reload-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let with = try file(
      "iii-state, config: { adapter: { name: kv, config: { store_method: file_based, file_path: \"\(folder)\" } } }")
    let without = try file()
    try await withMockEngine(MockEngine.Configuration(with)) { engine in
      for number in 1...3 {
        try await engine.state(scope: "s").set("k\(number)", to: .int(Int64(number)))
        try await reload(engine, from: with, to: without)
        try await reload(engine, from: without, to: with)
        #expect(try await engine.state(scope: "s").keys == (1...number).map { "k\($0)" })
      }
    }
  }

  @Test("observability is switched off and on: triggers of type log wait, records stay")
  func observability() async throws {
    let (on, off) = (try file("iii-observability"), try file("iii-observability, config: { enabled: false }"))
    try await withMockEngine(MockEngine.Configuration(on)) { engine in
      let worker = try await engine.registerWorker()
      let (records, feed) = AsyncStream.makeStream(of: JSONValue.self)
      try worker.registerFunction("on") { (record: JSONValue) async in
        feed.yield(record["body"] ?? nil)
        return JSONValue.null
      }
      let trigger = try worker.registerTrigger(type: "log", functionID: "on", config: [:])
      try await engine.waitForTrigger(trigger.id)
      var record = records.makeAsyncIterator()
      try await engine.call("engine::log::info", ["message": "one"])
      #expect(await record.next() == "one")
      #expect(try await reload(engine, from: on, to: off).applied == ["iii-observability"])
      try await engine.call("engine::log::info", ["message": "two"])
      #expect(try await reload(engine, from: off, to: on).applied == ["iii-observability"])
      try await engine.call("engine::log::info", ["message": "three"])
      #expect(await record.next() == "three")
      #expect(await engine.logs.map(\.body) == ["one", "two", "three"])
      let one = try file("iii-observability, config: { logs_max_count: 1 }")
      try await reload(engine, from: on, to: one)
      #expect(await engine.logs.map(\.body) == ["three"])
    }
  }

  @Test("a worker whose port is taken does not start; the next version is tried again")
  func takenPort() async throws {
    let reserved = ReservedPort()
    defer { withExtendedLifetime(reserved) {} }
    let other = try await RawHTTPServer.start(port: reserved.port) { _ in .response(status: 200) }
    let without = try file()
    let with = try file("iii-http, config: { host: 127.0.0.1, port: \(reserved.port) }")
    try await withMockEngine(MockEngine.Configuration(without)) { engine in
      let outcome = try await reload(engine, from: without, to: with)
      #expect(outcome.failures.map(\.entry) == ["iii-http"] && outcome.started.isEmpty)
      #expect(await engine.url(.http) == nil)
      let kept = with.keeping(["iii-http"], of: without)
      #expect(ConfigurationChange(from: kept, to: with).added == ["iii-http"])
      await other.stop()
      #expect(try await reload(engine, from: kept, to: with).started == ["iii-http"])
    }
  }

  @Test("a restart starts what the changed configuration has")
  func restart() async throws {
    let (old, new) = (try file("iii-state"), try file("iii-stream, config: { host: 127.0.0.1, port: 0 }"))
    try await withMockEngine(MockEngine.Configuration(old)) { engine in
      try await reload(engine, from: old, to: new)
      try await engine.stream("chat").set("m", in: "g", to: 1)
      let url = await engine.url(.streams)
      try await engine.restart()
      #expect(try await engine.stream("chat").value("m", in: "g") == 1)
      #expect(await engine.url(.streams) == url)
      await #expect(throws: MockEngineError.builtInIsOff(.state)) { try await engine.state(scope: "s").keys }
    }
  }
}

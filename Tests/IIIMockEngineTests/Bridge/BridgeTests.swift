import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// Two engines, one of which uses the other.
@Suite(.timeLimit(.minutes(5))) struct BridgeTests {
  private func withEngines(
    _ workers: String, _ body: (_ far: MockEngine, _ near: MockEngine) async throws -> Void
  ) async throws {
    try await withMockEngine { far in
      let text = """
        workers:
          - name: iii-worker-manager
            config: { host: 127.0.0.1, port: 0 }
        \(workers.replacing("FAR", with: far.url))
        """
      let file = try ConfigurationFile.parse(text: text, path: "config.yaml", environment: Variables([:]))
      #expect(file.warnings.isEmpty)
      try await withMockEngine(MockEngine.Configuration(file)) { near in try await body(far, near) }
    }
  }

  private static let bridge = """
      - name: iii-bridge
        config:
          url: FAR
          expose:
            - { local_function: "local::hello", remote_function: "remote::hello" }
          forward:
            - { local_function: "forward::get", remote_function: "state::get" }
            - { local_function: "forward::slow", remote_function: "slow", timeout_ms: 100 }
    """

  @Test("functions of the other engine are called here, with their results and failures")
  func forwards() async throws {
    try await withEngines(Self.bridge) { far, near in
      try await far.state(scope: "s").set("k", to: ["a": 1.0])
      let worker = try await near.registerWorker()
      #expect(try await worker.ask("forward::get", ["scope": "s", "key": "k"]).jsonString() == #"{"a":1.0}"#)
      #expect(try await worker.ask("forward::get", ["scope": "s", "key": "none"]) == .null)
      #expect(
        try await worker.ask("bridge.invoke", ["function_id": "state::get", "data": ["scope": "s", "key": "k"]])
          == ["a": 1.0])
      func failure(_ function: String, _ payload: JSONValue) async -> String? {
        let error = await #expect(throws: IIIInvocationError.self) { _ = try await worker.ask(function, payload) }
        return error.map { "\($0.code): \($0.message)" }
      }
      #expect(
        await failure("bridge.invoke", ["function_id": "nope"])
          == "bridge_error: remote error (function_not_found): Function nope not found")
      #expect(
        await failure("bridge.invoke", [:])
          == "deserialization_error: Failed to parse invoke input: missing field `function_id`")
      #expect(
        await failure("bridge.invoke", ["function_id": 5])
          == "deserialization_error: Failed to parse invoke input: invalid type: integer `5`, expected a string")
      _ = try far.hang("slow")
      #expect(await failure("forward::slow", ["n": 1]) == "bridge_error: invocation timed out")
      #expect(try await worker.ask("bridge.invoke_async", ["function_id": "slow", "data": ["n": 2]]) == .null)
      try await far.waitForInvocation(of: "slow", count: 2)
    }
  }

  @Test("a function of this engine is called by the other one, with the caller's id")
  func exposes() async throws {
    try await withEngines(Self.bridge) { far, near in
      let worker = try await near.registerWorker()
      try worker.registerFunction("local::hello") { (input: JSONValue) async throws -> JSONValue in
        if input["fail"] == true { throw IIIInvocationError(code: "NO", message: "not today", stacktrace: "here") }
        return input["none"] == true ? nil : ["caller": .bool(InvocationContext.current?.callerWorkerID != nil)]
      }
      try await near.waitForFunction("local::hello")
      try await far.waitForFunction("remote::hello")
      let caller = try await far.registerWorker()
      #expect(try await caller.ask("remote::hello", ["to": "bridge"]) == ["caller": true])
      #expect(try await caller.ask("remote::hello", ["none": true]) == .null)
      let error = await #expect(throws: IIIInvocationError.self) {
        _ = try await caller.ask("remote::hello", ["fail": true])
      }
      #expect(error?.code == "NO" && error?.message == "not today" && error?.stacktrace == "here")
    }
  }

  @Test("state of another engine is read and changed here, and the triggers of this engine fire")
  func state() async throws {
    let workers = """
        - name: iii-state
          config: { adapter: { name: bridge, config: { bridge_url: FAR } } }
      """
    try await withEngines(workers) { far, near in
      let worker = try await near.registerWorker()
      let events = try worker.feed("seen")
      let trigger = try worker.registerTrigger(type: "state", functionID: "seen", config: ["scope": "s"] as JSONValue)
      try await near.waitForTrigger(trigger.id)
      let at: JSONObject = ["scope": "s", "key": "k"]
      var set = at
      set["value"] = ["n": 1]
      #expect(try await worker.ask("state::set", .object(set)) == ["new_value": ["n": 1], "old_value": nil])
      #expect(await events.first { _ in true }?["event_type"] == "state:created")
      #expect(try await far.state(scope: "s").value("k") == ["n": 1])
      var update = at
      update["ops"] = [["type": "increment", "path": "n", "by": 1]]
      #expect(try await worker.ask("state::update", .object(update))["new_value"] == ["n": 2])
      #expect(await events.first { _ in true }?["event_type"] == "state:updated")
      #expect(try await worker.ask("state::list", ["scope": "s"]) == [["n": 2]])
      #expect(try await worker.ask("state::delete", .object(at)) == ["n": 2])
      #expect(await events.first { _ in true }?["event_type"] == "state:deleted")
      #expect(try await worker.ask("state::get", .object(at)) == .null)
      // An input that does not decode is refused here.
      let error = await #expect(throws: IIIInvocationError.self) {
        _ = try await worker.ask("state::get", ["scope": "s"])
      }
      #expect(error?.code == "deserialization_error")
      try far.fail("state::get", with: .code("DOWN", "not now"))
      let lost = await #expect(throws: IIIInvocationError.self) { _ = try await worker.ask("state::get", .object(at)) }
      #expect(
        lost?.message == "Failed to get value: Failed to get value via bridge: remote error (DOWN): not now")
    }
  }

  @Test("a stream of another engine: changes made here reach the sockets here")
  func streams() async throws {
    let workers = """
        - name: iii-stream
          config: { host: 127.0.0.1, port: 0, adapter: { name: bridge, config: { bridge_url: FAR } } }
      """
    try await withEngines(workers) { far, near in
      let client = try await StreamClient.open(near)
      await client.join("sub")
      #expect(try await client.event() == ["type": "sync", "data": []])
      // The subscription to the other engine's topic went there before the question for what is there.
      let stream = near.stream("s")
      try await stream.set("i", in: "g", to: ["a": 1])
      #expect(try await client.event() == ["type": "create", "data": ["a": 1]])
      #expect(try await far.stream("s").value("i", in: "g") == ["a": 1])
      try await stream.send("t", data: 1, to: "g")
      #expect(try await client.event() == ["type": "event", "event": ["type": "t", "data": 1]])
      #expect(try await stream.remove("i", in: "g") == ["a": 1])
      #expect(try await client.event() == ["type": "delete", "data": ["a": 1]])
      try await far.stream("s").set("i", in: "g", to: "from afar")
      #expect(try await stream.items(in: "g") == ["from afar"])
      #expect(try await stream.groups == ["g"])
      try await client.peer.fence()
      #expect(await client.peer.takeUnread().isEmpty)
      await client.peer.abort()
    }
  }

  @Test(
    "a setting that is wrong is refused with its place",
    arguments: [
      ("urll: x", "unknown field `urll`"), ("url: 5", "url: invalid type: integer `5`, expected a string"),
      ("forward: [{ local_function: a }]", "missing field `remote_function`"),
      ("expose: [{ local_function: a, service: b }]", "unknown field `service`"),
      (
        "forward: [{ local_function: a, remote_function: b, timeout_ms: -1 }]",
        "timeout_ms: invalid type: integer `-1`, expected u64"
      ),
    ])
  func settings(_ config: String, _ text: String) {
    let error = #expect(throws: ConfigurationError.self) {
      _ = try ConfigurationFile.parse(
        text: "workers:\n  - name: iii-bridge\n    config: { \(config) }\n", path: "config.yaml",
        environment: Variables([:]))
    }
    #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    #expect(error?.position?.line == 3)
  }
}

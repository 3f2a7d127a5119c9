import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite(.timeLimit(.minutes(5))) struct ReloadTests {
  private func file(_ workers: String) throws -> ConfigurationFile {
    try ConfigurationFile.parse(
      text: """
        workers:
          - name: iii-worker-manager
            config: { host: 127.0.0.1, port: 0 }
        \(workers)
        """, path: "config.yaml", environment: Variables([:]))
  }

  /// Starts an engine with one version of a file, and applies another one.
  private func withReload(
    from old: String, to new: String,
    _ body: (_ engine: MockEngine, _ reload: () async throws -> ConfigurationReload) async throws -> Void
  ) async throws {
    let (old, new) = (try file(old), try file(new))
    try await withMockEngine(MockEngine.Configuration(old)) { engine in
      try await body(engine) { try await engine.reload(new, ConfigurationChange(from: old, to: new)) }
    }
  }

  @Test("two versions are compared entry by entry; places, comments and the order of settings do not count")
  func change() throws {
    let old = try file(
      """
        - name: iii-http
          config: { host: 127.0.0.1, port: 5000 }
        - name: iii-state
        - name: iii-queue
          config: { queue_configs: { a: { max_retries: 1 } } }
        - name: iii-worker-manager
          config: { host: 127.0.0.1, port: 0, allowed_origins: [] }
      """)
    let new = try file(
      """
        # A comment
        - name: http
          config:
            port: 5000
            host: 127.0.0.1
        - name: iii-queue
          config: { queue_configs: { a: { max_retries: 2 } } }
        - name: iii-worker-manager
          config: { host: 127.0.0.1, port: 0, allowed_origins: [] }
        - name: iii-cron
      """)
    let change = ConfigurationChange(from: old, to: new)
    #expect(change.added == ["iii-cron"])
    #expect(change.removed == ["iii-state"])
    #expect(change.changed == ["iii-queue"])
    #expect(change.unchanged == ["iii-worker-manager", "iii-http", "iii-worker-manager#1"])
    #expect(change.summary == "+1 added, -1 removed, ~1 changed, =3 unchanged")
    #expect(ConfigurationChange(from: new, to: new).isEmpty)
  }

  @Test("HTTP moves to another port: its triggers stay, and so do connections that are open")
  func httpPort() async throws {
    let reserved = ReservedPort()
    let port = reserved.port
    defer { withExtendedLifetime(reserved) {} }
    try await withReload(
      from: "  - { name: iii-http, config: { host: 127.0.0.1, port: 0 } }",
      to:
        "  - { name: iii-http, config: { host: 127.0.0.1, port: \(port), cors: { allowed_origins: [\"http://a\"] } } }"
    ) { engine, reload in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("hi") { (_: JSONValue) async -> JSONValue in ["body": "hi"] }
      let trigger = try worker.registerTrigger(HttpTriggerConfig(apiPath: "/hi"), functionID: "hi")
      try await engine.waitForTrigger(trigger.id)
      let old = try await RawHTTPClient.connect(try #require(await engine.httpURL))
      let outcome = try await reload()
      #expect(outcome == ConfigurationReload(applied: ["iii-http"]))
      #expect(await engine.httpURL == "http://127.0.0.1:\(port)")
      let new = try await RawHTTPClient.connect("http://127.0.0.1:\(port)")
      for client in [old, new] {
        await client.request("GET", "/hi")
        let response = try await client.response()
        #expect(response.text == "\"hi\"")
        #expect(response.header("access-control-allow-origin") == nil)
        await client.close()
      }
    }
  }

  @Test("a port that is taken changes nothing, and the error names it")
  func takenPort() async throws {
    let other = try await RawHTTPServer.start { _ in .response(status: 200) }
    let port = await other.port
    try await withReload(
      from: "  - { name: iii-stream, config: { host: 127.0.0.1, port: 0 } }",
      to: "  - { name: iii-stream, config: { host: 127.0.0.1, port: \(port) } }"
    ) { engine, reload in
      let url = await engine.streamURL
      let outcome = try await reload()
      #expect(outcome.applied.isEmpty)
      #expect(outcome.failures.map(\.entry) == ["iii-stream"])
      #expect(outcome.failures.first?.reason.contains("port \(port) of 127.0.0.1 is in use") == true)
      #expect(await engine.streamURL == url)
      let client = try await StreamClient.open(engine)
      await client.join("a")
      #expect(try await client.event()["type"] == "sync")
      await client.peer.abort()
    }
    await other.stop()
  }

  @Test("queues are declared and changed; their jobs stay, and a queue that is no longer declared stays too")
  func queues() async throws {
    try await withReload(
      from: "  - { name: iii-queue, config: { queue_configs: { a: { max_retries: 1 }, gone: {} } } }",
      to: "  - { name: iii-queue, config: { queue_configs: { a: { max_retries: 5 }, new: {} } } }"
    ) { engine, reload in
      let a = engine.queue("a")
      try await a.pause()
      try await a.enqueue("f", payload: 1)
      let outcome = try await reload()
      #expect(outcome == ConfigurationReload(deferred: ["iii-queue"]))
      #expect(try await a.jobs.map(\.payload) == [1])
      try await engine.queue("new").enqueue("f", payload: 2)
      try await engine.queue("gone").enqueue("f", payload: 3)
    }
  }

  @Test("which URLs may be called is asked at each call")
  func targets() async throws {
    let server = try await RawHTTPServer.start { _ in .response(status: 200, body: "1") }
    let security = "security: { block_private_ips: false, require_https: false, url_allowlist: [\"%\"] }"
    try await withReload(
      from: "  - { name: iii-http-functions, config: { \(security.replacing("%", with: "127.0.0.1")) } }",
      to: "  - { name: iii-http-functions, config: { \(security.replacing("%", with: "*.example")) } }"
    ) { engine, reload in
      let worker = try await RawPeer.open(engine.url)
      _ = try await worker.receiveText()
      let url = await server.url
      await worker.send(#"{"type":"registerfunction","id":"f","invocation":{"url":"\#(url)"}}"#)
      try await worker.fence()
      #expect(try await engine.call("f") == 1)
      #expect(try await reload().applied == ["iii-http-functions"])
      let error = await #expect(throws: IIIInvocationError.self) { try await engine.call("f") }
      #expect(error?.code == "url_validation_failed" && error?.message == "URL not in allowlist")
      await worker.abort()
    }
    await server.stop()
  }

  @Test("what cannot change while the engine runs is named, and keeps its settings")
  func deferred() async throws {
    try await withReload(
      from: "  - { name: iii-pubsub, config: { adapter: { name: local } } }\n  - { name: iii-state }",
      to: """
          - { name: iii-pubsub }
          - { name: iii-state, config: { adapter: { name: bridge, config: { bridge_url: ws://127.0.0.1:1 } } } }
        """
    ) { engine, reload in
      try await engine.state(scope: "s").set("k", to: 1)
      let outcome = try await reload()
      #expect(outcome == ConfigurationReload(applied: ["iii-pubsub"], deferred: ["iii-state"]))
      #expect(try await engine.call("state::get", ["scope": "s", "key": "k"]) == 1)
    }
  }
}

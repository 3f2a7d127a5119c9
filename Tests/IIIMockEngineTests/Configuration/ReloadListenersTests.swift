import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

/// Listeners that a changed configuration adds, removes and changes, and reloads while calls go on.
@Suite(.timeLimit(.minutes(5))) struct ReloadListenersTests {
  /// - Parameter listeners: What each entry of the worker manager has besides its host.
  private func file(_ listeners: [String], _ workers: String = "") throws -> ConfigurationFile {
    try ConfigurationFile.parse(
      text: "workers:\n"
        + listeners.map { "  - { name: iii-worker-manager, config: { host: 127.0.0.1, \($0) } }\n" }.joined() + workers,
      path: "config.yaml", environment: Variables([:]))
  }

  @discardableResult
  private func reload(
    _ engine: MockEngine, from old: ConfigurationFile, to new: ConfigurationFile
  ) async throws -> ConfigurationReload {
    try await engine.reload(new, ConfigurationChange(from: old, to: new))
  }

  @Test("rules and middleware of a listener change under its connections")
  func rules() async throws {
    let open = try file(["port: 0"])
    let closed = try file(["port: 0, rbac: { expose_functions: [ match(\"public::*\") ] }"])
    let between = try file(["port: 0, middleware_function_id: m"])
    try await withMockEngine(MockEngine.Configuration(open)) { engine in
      let worker = try await registerWorker(engine.url)
      for id in ["public::f", "private::f"] {
        try worker.registerFunction(id) { (_: JSONValue) async -> JSONValue in "own" }
      }
      try worker.registerFunction("m") { (_: JSONValue) async -> JSONValue in "middleware" }
      try await engine.waitForFunction("m")
      #expect(try await worker.trigger("private::f") == "own")

      #expect(try await reload(engine, from: open, to: closed).applied == ["iii-worker-manager"])
      #expect(try await worker.trigger("public::f") == "own")
      let error = await #expect(throws: IIIForbiddenError.self) { try await worker.trigger("private::f") as JSONValue }
      #expect(error?.functionID == "private::f")

      try await reload(engine, from: closed, to: between)
      #expect(try await worker.trigger("private::f") == "middleware")
      try await reload(engine, from: between, to: open)
      #expect(try await worker.trigger("private::f") == "own")
      #expect(worker.connectionState == .connected)
      await worker.shutdown()
    }
  }

  @Test("a new listener is opened; one that is removed ends its connections, and the others stay")
  func addAndRemove() async throws {
    let reserved = ReservedPort()
    defer { withExtendedLifetime(reserved) {} }
    let (one, two) = (try file(["port: 0"]), try file(["port: 0", "port: \(reserved.port)"]))
    try await withMockEngine(MockEngine.Configuration(one)) { engine in
      let stays = try await RawPeer.open(engine.url)
      _ = try await stays.receiveText()
      let url = "ws://127.0.0.1:\(reserved.port)"
      for _ in 1...3 {
        try await reload(engine, from: one, to: two)
        #expect(engine.addresses == [engine.url, url])
        let leaves = try await RawPeer.open(url)
        _ = try await leaves.receiveText()
        let listener = try await engine.call("engine::workers::list", [:])["workers"]?.arrayValue ?? []
        #expect(listener.contains { $0["id"] == "iii-worker-manager#1" })
        try await reload(engine, from: two, to: one)
        _ = try await leaves.ended()
        #expect(engine.addresses == [engine.url])
        await #expect(throws: (any Error).self) { try await RawPeer.open(url) }
      }
      try await stays.fence()
      await stays.abort()
    }
  }

  @Test("a listener at another port takes the place of the first; what is denied by a test is denied there too")
  func anotherPort() async throws {
    let reserved = ReservedPort()
    defer { withExtendedLifetime(reserved) {} }
    let (old, new) = (try file(["port: 0"]), try file(["port: \(reserved.port)"]))
    try await withMockEngine(MockEngine.Configuration(old)) { engine in
      engine.access.deny("f")
      try await reload(engine, from: old, to: new)
      #expect(engine.url == "ws://127.0.0.1:\(reserved.port)" && engine.port == Int(reserved.port))
      let worker = try await registerWorker(engine.url)
      try worker.registerFunction("f") { (_: JSONValue) async -> JSONValue in 1 }
      try await engine.waitForFunction("f")
      await #expect(throws: IIIForbiddenError.self) { try await worker.trigger("f") as JSONValue }
      await worker.shutdown()
      try await engine.restart()
      #expect(engine.url == "ws://127.0.0.1:\(reserved.port)")
    }
  }

  @Test("if one of the new ports is taken, all listeners stay as they were")
  func takenPort() async throws {
    let other = try await RawHTTPServer.start { _ in .response(status: 200) }
    let reserved = ReservedPort()
    defer { withExtendedLifetime(reserved) {} }
    let old = try file(["port: 0, rbac: {}"])
    let new = try file(["port: \(reserved.port)", "port: \(await other.port)"])
    try await withMockEngine(MockEngine.Configuration(old)) { engine in
      let url = engine.url
      let stays = try await RawPeer.open(url)
      _ = try await stays.receiveText()
      let outcome = try await reload(engine, from: old, to: new)
      #expect(outcome.applied.isEmpty && outcome.failures.map(\.entry) == ["iii-worker-manager#1"])
      #expect(outcome.failures.first?.reason.contains("is in use") == true)
      #expect(engine.addresses == [url])
      let another = try await RawPeer.open(url)
      _ = try await another.receiveText()
      await #expect(throws: (any Error).self) { try await RawPeer.open("ws://127.0.0.1:\(reserved.port)") }
      try await stays.fence()
      for peer in [stays, another] { await peer.abort() }
    }
    await other.stop()
  }

  @Test("nobody can take a listener's port while a reload fails")
  func keptPort() async throws {
    let other = try await RawHTTPServer.start { _ in .response(status: 200) }
    let old = try file(["port: 0"])
    let new = try file(["port: \(await other.port)"])
    try await withMockEngine(MockEngine.Configuration(old)) { engine in
      let port = try #require(UInt16(engine.url.split(separator: ":").last ?? ""))
      let isOver = Lock(false)
      let thief = Task.detached {
        while !isOver.withLock({ $0 }) {
          if let server = try? await RawHTTPServer.start(port: port, { _ in .silence }) {
            await server.stop()
            return true
          }
        }
        return false
      }
      for _ in 0..<200 {
        let outcome = try await reload(engine, from: old, to: new)
        #expect(outcome.failures.map(\.entry) == ["iii-worker-manager"])
      }
      isOver.withLock { $0 = true }
      #expect(await thief.value == false)
      #expect(engine.addresses == [engine.url])
    }
    await other.stop()
  }

  @Test("reloads while calls and jobs go on lose none of them")
  func underLoad() async throws {
    let versions = try [1, 2].map { number in
      try file(
        number == 1 ? ["port: 0"] : ["port: 0, rbac: { expose_functions: [ match(\"*\") ] }", "port: 0"],
        """
          - { name: iii-http, config: { host: 127.0.0.1, port: 0, default_timeout: \(number)0000 } }
          - { name: iii-queue, config: { queue_configs: { a: { max_retries: \(number) } } } }
          - { name: \(number == 1 ? "iii-state" : "iii-cron") }
          - { name: iii-observability, config: { enabled: \(number == 1) } }

        """)
    }
    try await withMockEngine(MockEngine.Configuration(versions[0])) { engine in
      let worker = try await registerWorker(engine.url)
      let (jobs, done) = AsyncStream.makeStream(of: Int.self)
      try worker.registerFunction("double") { (n: Int) async in n * 2 }
      try worker.registerFunction("job") { (n: Int) async in
        done.yield(n)
        return JSONValue.null
      }
      try await engine.waitForFunction("job")
      let isOver = Lock(false)
      let load = Task {
        var calls = 0
        while !isOver.withLock({ $0 }) {
          let answer: Int = try await worker.trigger("double", payload: calls)
          guard answer == calls * 2 else { throw MockEngineError.verificationFailed("\(calls) was answered \(answer)") }
          _ = try await worker.trigger("job", payload: calls, action: .enqueue(queue: "a"))
          calls += 1
        }
        return calls
      }
      var current = 0
      for _ in 0..<Proofs.count(suite: 60, full: 1000) {
        let outcome = try await reload(engine, from: versions[current], to: versions[1 - current])
        current = 1 - current
        #expect(outcome.failures.isEmpty && outcome.deferred.isEmpty, "\(outcome)")
        #expect(engine.addresses.count == 1 + current)
      }
      isOver.withLock { $0 = true }
      let count = try await load.value
      #expect(count > 0)
      var received: Set<Int> = []
      var job = jobs.makeAsyncIterator()
      while received.count < count, let number = await job.next() { received.insert(number) }
      #expect(received == Set(0..<count))
      #expect(worker.connectionState == .connected)
      await worker.shutdown()
    }
  }
}

import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct RestartTests {
  @Test(
    "after a restart workers connect again at the same port by their delay, and register again",
    arguments: [true, false])
  func restart(keepsState: Bool) async throws {
    try await withMockEngine(.manual()) { engine in
      var options = InitOptions(workerName: "shop")
      options.reconnection.jitterFactor = 0
      options.log = { _, _ in }
      let worker = try await engine.registerWorker(options: options)
      try worker.registerFunction("price") { (n: Int) async in n * 2 }
      try await engine.waitForFunction("price")
      try await engine.state(scope: "s").set("k", to: 1)
      try engine.stub("bank", returning: "stubbed")
      engine.access.deny("secret")
      let url = engine.url
      let first = worker.workerID
      let hanging = try engine.hang("hangs")
      let call = Task { try await worker.trigger("hangs") }
      try await hanging.waitForCalls()

      try await engine.restart(keepingState: keepsState)

      let lost = await #expect(throws: IIIInvocationError.self) { try await call.value }
      #expect(lost?.code == "CONNECTION_LOST")
      #expect(engine.url == url)
      try await engine.advance(by: .milliseconds(999))
      #expect(worker.connectionState == .reconnecting)
      try await engine.advance(by: .milliseconds(1))
      #expect(worker.connectionState == .connected && worker.workerID != first)
      let six: Int = try await engine.call("price", 3)
      #expect(six == 6)
      #expect(try await engine.state(scope: "s").value("k") == (keepsState ? 1 : nil))
      #expect(try await worker.ask("bank", nil) == "stubbed")
      await #expect(throws: IIIForbiddenError.self) { try await worker.trigger("secret") }
      try await engine.verify("hangs", calledTimes: 1)
      // Once more, to see that nothing of the first engine is left.
      try await engine.restart()
      try await engine.advance(by: .seconds(1))
      try await engine.waitForFunction("price")
      #expect(await engine.shutdownReportingLeaks() == 0)
      await #expect(throws: MockEngineError.stopped) { try await engine.restart() }
    }
  }

  @Test("a reset forgets stubs, denials, state, logs and the journal, and leaves workers connected")
  func reset() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("f") { () async in "real" }
      try await engine.waitForFunction("f")
      let id = worker.workerID
      try engine.stub("f", returning: "stub")
      let hang = try engine.hang("hangs")
      let call = Task { try await worker.trigger("hangs") }
      try await hang.waitForCalls()
      engine.access.deny("g")
      await #expect(throws: IIIForbiddenError.self) { try await worker.trigger("g") }
      try await engine.state(scope: "s").set("k", to: 1)

      try await engine.reset()

      let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
      #expect(error?.code == "invocation_stopped")
      #expect(worker.workerID == id && worker.connectionState == .connected)
      #expect(try await engine.call("f") == "real")
      #expect(await engine.denials.isEmpty)
      let missing = await #expect(throws: IIIInvocationError.self) { try await worker.trigger("g") }
      #expect(missing?.code == "function_not_found")
      #expect(try await engine.state(scope: "s").value("k") == nil)
      try await engine.verify("hangs", calledTimes: 0)
    }
  }

  @Test("what was written in the turn in which connections are dropped still leaves")
  func lastWords() async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receive { $0.text.contains("workerregistered") }

      await engine.core.writeAndDrop("last words")

      #expect(try await peer.receive { _ in true }.text == "last words")
    }
  }

  @Test("both are functions on the wire")
  func wire() async throws {
    try await withMockEngine { engine in
      var options = InitOptions()
      options.reconnection.initialDelay = .milliseconds(1)
      options.log = { _, _ in }
      let worker = try await registerWorker(engine.url, options: options)
      _ = try await worker.ask("mock::stubs::add", ["function_id": "f", "returning": 1])
      #expect(try await worker.ask("mock::engine::reset", [:]) == ["success": true])
      #expect(try await worker.ask("mock::stubs::list", [:]) == ["stubs": []])
      try await engine.state(scope: "s").set("k", to: 1)
      var states = worker.connectionStates.makeAsyncIterator()
      #expect(await states.next() == .connected)
      #expect(try await worker.ask("mock::engine::restart", ["keep_state": false]) == ["success": true])
      while let state = await states.next(), state != .connected {}
      #expect(try await worker.ask("state::get", ["scope": "s", "key": "k"]) == nil)
      await worker.shutdown()
    }
  }

  @Test(
    "jobs in memory outlive a restart that keeps the state, with their attempts, and are gone otherwise",
    arguments: [true, false])
  func queues(keepsState: Bool) async throws {
    try await withMockEngine(.manual()) { engine in
      let queue = engine.queue("default")
      try await queue.pause()
      _ = try await queue.enqueue("never", payload: ["n": 1])
      _ = try await queue.enqueue("missing", payload: ["n": 2])
      let drained = try await queue.drain()
      #expect(drained.count == 2)
      _ = try await queue.enqueue("later", payload: ["n": 3])

      try await engine.restart(keepingState: keepsState)

      let jobs = try await queue.jobs
      #expect(jobs.map(\.functionID) == (keepsState ? ["never", "missing", "later"] : []))
      #expect(jobs.map(\.attempt) == (keepsState ? [2, 2, 1] : []))
    }
  }

  @Test("a reset forgets jobs and dead letters; a delivery that runs is not tried again")
  func queueReset() async throws {
    try await withMockEngine(.manual()) { engine in
      let queue = engine.queue("default")
      let hang = try engine.hang("slow")
      _ = try await queue.enqueue("slow", payload: [:])
      try await hang.waitForCalls()
      _ = try await queue.enqueue("missing", payload: [:])
      try await engine.advance(by: .seconds(60), ignoring: ["slow"])
      #expect(try await queue.deadLetters.count == 1)

      try await engine.reset()
      try await engine.advance(by: .seconds(60))

      #expect(try await queue.jobs.isEmpty)
      #expect(try await queue.deadLetters.isEmpty)
      #expect(try await queue.inFlight.isEmpty)
    }
  }

  @Test("the port of HTTP stays the same, and routes are there again once their workers are")
  func http() async throws {
    try await withMockEngine(.manual()) { engine in
      let url = await engine.httpURL

      try await engine.restart()
      try await engine.restart()

      #expect(url != nil)
      #expect(await engine.httpURL == url)
      let client = try await RawHTTPClient.connect(url ?? "")
      await client.request("GET", "/missing")
      #expect(try await client.response().status == 404)
    }
  }

  @Test("a reset takes faults back, and those of a restarted engine stay in force")
  func faults() async throws {
    try await withMockEngine(.manual()) { engine in
      var options = InitOptions()
      options.reconnection.jitterFactor = 0
      options.log = { _, _ in }
      let worker = try await engine.registerWorker(options: options)
      try worker.registerFunction("f") { () async in 1 }
      try await engine.waitForFunction("f")
      engine.faults.add(.deny("f"))

      try await engine.restart()
      try await engine.advance(by: .seconds(1))
      try await engine.waitForFunction("f")
      await #expect(throws: IIIForbiddenError.self) { try await worker.trigger("f") }
      engine.faults.add(.deny("f"))
      try await engine.reset()

      let one: Int = try await worker.trigger("f", payload: nil, as: Int.self)
      #expect(one == 1)
      #expect(await engine.faults.unmatched.isEmpty)
    }
  }
}

extension EngineCore {
  /// Sends a message to every connection and drops it, in one turn of the loop.
  fileprivate func writeAndDrop(_ text: String) {
    guard let peers = engine?.peers else { return }
    for peer in peers.all.values { Array(text.utf8).withView { peer.send(.text, $0) } }
    peers.shutDown()
  }
}

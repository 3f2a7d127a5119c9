import TestSupport
import Testing
import UV

@testable import III

/// The lines of a worker's log.
final class Lines: Sendable {
  private let lines = Lock<[String]>([])

  func add(_ line: String) { lines.withLock { $0.append(line) } }

  var all: [String] { lines.withLock { $0 } }
}

@Suite("Worker: after it has failed, and around its shutdown")
struct EndingTests {
  @Test("a worker that has failed reports the reason to every call and registration")
  func failed() async throws {
    let engine = try await ScriptedEngine.start()
    let worker = try await connect(engine) { $0.reconnection.maxRetries = 0 }
    var states = worker.connectionStates.makeAsyncIterator()
    let peer = try await engine.accept()
    _ = try await peer.receive()  // a socket that is closed with unread bytes is reset
    await engine.stopListening()
    await peer.drop()
    while let state = await states.next(), state != .failed {}
    #expect(throws: IIIConnectionError.self) { try worker.registerFunction("f") { (_: JSONValue) async in 1 } }
    #expect(throws: IIIConnectionError.self) {
      try worker.registerTrigger(RegisterTriggerInput(type: "cron", functionID: "f", config: [:]))
    }
    let void = await #expect(throws: IIIInvocationError.self) {
      try await worker.trigger("f", payload: 1, action: .void())
    }
    let call = await #expect(throws: IIIInvocationError.self) { _ = try await worker.trigger("f") as JSONValue }
    for error in [void, call] {
      #expect(error?.code == "CONNECTION_FAILED")
      #expect(error?.message.contains("the engine ended it") == true)
    }
    await worker.shutdown()
  }

  @Test("a worker that the engine refuses reports that to every call and registration")
  func rejected() async throws {
    try await withWorker { worker, peer, _ in
      var states = worker.connectionStates.makeAsyncIterator()
      await peer.send(#"{"type":"registrationrejected","code":"WORKER_NAMESPACE_CONFLICT","namespace":"n"}"#)
      while let state = await states.next(), state != .failed {}
      #expect(throws: RegistrationRejectedError.self) { try worker.registerFunction("f") { (_: JSONValue) async in 1 } }
      await #expect(throws: RegistrationRejectedError.self) {
        try await worker.trigger("f", payload: 1, action: .void())
      }
      await #expect(throws: RegistrationRejectedError.self) { _ = try await worker.trigger("f") as JSONValue }
    }
  }

  @Test("after shutdown a call without a result fails too")
  func voidAfterShutdown() async throws {
    try await withWorker { worker, _, _ in
      await worker.shutdown()
      let error = await #expect(throws: IIIInvocationError.self) {
        try await worker.trigger("f", payload: 1, action: .void())
      }
      #expect(error?.code == "SHUTDOWN")
    }
  }

  @Test("no call of a listener begins after its cancellation, which waits for a running one")
  func listenerEnds() async throws {
    let calls = Lock(0)
    let (entered, gate) = (Gate(), Turnstile())
    let listener = StateListener { _ in
      calls.withLock { $0 += 1 }
      entered.open()
      gate.pass()
    }
    // Both block, and threads of tasks must not.
    async let called = onThread { listener.call(.connected) }
    await entered.wait()
    let isEnding = Lock(false)
    async let wasEnding = onThread {
      listener.cancel()
      return isEnding.withLock { $0 }
    }
    #expect(try await gate.holds(1))
    isEnding.withLock { $0 = true }
    gate.open()
    #expect(try await wasEnding)
    #expect(try await called)
    #expect(!listener.call(.failed))
    #expect(calls.withLock { $0 } == 1)
  }

  @Test("a listener may cancel itself")
  func listenerCancelsItself() async throws {
    try await withWorker { worker, peer, _ in
      let (heard, continuation) = AsyncStream<IIIConnectionState>.makeStream()
      let listener = Lock<Cancellation?>(nil)
      let cancellation = worker.addConnectionStateListener { state in
        listener.withLock { $0 }?.cancel()
        continuation.yield(state)
      }
      listener.withLock { $0 = cancellation }
      await peer.drop()
      var states = heard.makeAsyncIterator()
      #expect(await states.next() == .reconnecting)
      await worker.shutdown()
      continuation.finish()
      #expect(await states.next() == nil)
    }
  }

  @Test("objects that a listener holds are released after its cancellation, also the cancellation itself")
  func listenerIsReleased() async throws {
    final class Held: Sendable {
      let released: AsyncStream<Void>.Continuation
      init(_ released: AsyncStream<Void>.Continuation) { self.released = released }
      deinit { released.finish() }
    }
    try await withWorker { worker, _, _ in
      let (releases, continuation) = AsyncStream<Void>.makeStream()
      func listen() -> Cancellation {
        let held = Held(continuation)
        let listener = Lock<Cancellation?>(nil)
        let cancellation = worker.addConnectionStateListener { _ in
          withExtendedLifetime(held) { listener.withLock { $0 }?.cancel() }
        }
        listener.withLock { $0 = cancellation }
        return cancellation
      }
      listen().cancel()
      for await _ in releases {}  // ends with the listener's last reference
    }
  }

  @Test("a worker is among the active ones until it is shut down, with or without a reference to it")
  func active() async throws {
    let engine = try await ScriptedEngine.start()
    func make() async throws -> ObjectIdentifier { ObjectIdentifier(try await connect(engine)) }
    let id = try await make()
    let found = try #require(III.active.first { ObjectIdentifier($0) == id })
    await found.shutdown()
    #expect(!III.active.contains { $0 === found })
  }

  @Test("a worker that could not be created is not among the active ones")
  func notActive() async throws {
    let engine = try await ScriptedEngine.start()
    let url = await engine.url
    await engine.stopListening()
    await #expect(throws: IIIConnectionError.self) { _ = try await connect(engine) { $0.reconnection.maxRetries = 0 } }
    #expect(!III.active.contains { $0.address == url })
  }

  @Test("a worker whose loop has ended is not among the active ones")
  func notActiveAfterItsLoop() async throws {
    let engine = try await ScriptedEngine.start()
    let host = LoopHost(on: try Loop(name: "ending"), source: .system)
    let worker = try await connect(engine, host: host)
    #expect(III.active.contains { $0 === worker })
    host.loop.post {
      host.abandonWorkers()
      host.timers.close()
    }
    #expect(await host.loop.stop() == 0)
    #expect(!III.active.contains { $0 === worker })
  }

  @Test("shutdown cancels the tasks of handlers")
  func handlersAreCancelled() async throws {
    try await withWorker { worker, peer, _ in
      let (started, ended) = (Gate(), Gate())
      try worker.registerFunction("f") { (_: JSONValue) async in
        started.open()
        await waitForCancellation()
        ended.open()
      }
      _ = try await peer.receive("registerfunction")
      await peer.send(#"{"type":"invokefunction","function_id":"f","data":1}"#)
      await started.wait()
      await worker.shutdown()
      await ended.wait()
    }
  }
}

/// Waits until the task is cancelled.
private func waitForCancellation() async {
  let (stream, continuation) = AsyncStream<Void>.makeStream()
  for await _ in stream {}
  continuation.finish()
}

import Testing
import UV

@testable import III

@Suite("Worker: its lifetime")
struct LifetimeTests {
  private final class Witness: Sendable {}

  @Test("a worker that was shut down is deallocated, with its handlers, although they hold it")
  func freed() async throws {
    let engine = try await ScriptedEngine.start()
    let host = LoopHost(on: try Loop(name: "lifetime"), source: .system)
    weak var worker: III?
    weak var witness: Witness?
    try await {
      let made = try await connect(engine, host: host)
      let held = Witness()
      try made.registerFunction("f") { (_: JSONValue) async in
        _ = held
        return made.workerID
      }
      worker = made
      witness = held
      await made.shutdown()
    }()
    // The loop releases a closure after it has run it: the second post runs after that.
    for _ in 0..<2 { await withCheckedContinuation { done in _ = host.loop.post { done.resume() } } }
    #expect(worker == nil)
    #expect(witness == nil)
    host.loop.post { host.timers.close() }
    #expect(await host.loop.stop() == 0)
  }

  @Test(
    "the closures for records and spans are released with the shutdown, and not called after it",
    .timeLimit(.minutes(5)))
  func closures() async throws {
    /// Ends a stream when nothing refers to it any more.
    final class Held: Sendable {
      let end: AsyncStream<Void>.Continuation
      init(_ end: AsyncStream<Void>.Continuation) { self.end = end }
      deinit { end.finish() }
    }
    let engine = try await ScriptedEngine.start()
    let notes = Lines()
    let (released, end) = AsyncStream.makeStream(of: Void.self)
    let worker = try await {
      let held = Held(end)
      return try await connect(engine) { options in
        options.log = nil
        options.onLog = {
          _ = held
          notes.add($0.message)
        }
        options.onSpan = {
          _ = held
          notes.add($0.name)
        }
      }
    }()
    let peer = try await engine.accept()
    _ = try await peer.receive()
    let (begun, gate, ended) = (Gate(), Gate(), Gate())
    try worker.registerFunction("f") { (_: JSONValue) async in
      await Observability.withSpan("early") { _ in Logger().info("first") }
      begun.open()
      await gate.wait()
      await Observability.withSpan("late") { _ in Logger().info("logged after the shutdown") }
      ended.open()
    }
    _ = try await peer.receive("registerfunction")
    await peer.send(#"{"type":"invokefunction","function_id":"f","data":1}"#)
    await begun.wait()
    await peer.send(#"{"type":"error","error":{"code":"E","message":"of the engine"}}"#)
    try await peer.fence()
    await worker.shutdown()
    for await _ in released {}
    gate.open()
    await ended.wait()
    let all = notes.all
    #expect(all.prefix(2) == ["first", "early"])
    #expect(all.count == 3 && all.last?.hasSuffix("reports E: of the engine") == true, "\(all)")
    withExtendedLifetime(worker) {}
    await engine.stopListening()
  }

  @Test("a worker continues to serve without a reference to it")
  func serves() async throws {
    let engine = try await ScriptedEngine.start()
    let host = LoopHost(on: try Loop(name: "lifetime"), source: .system)
    try await {
      let worker = try await connect(engine, host: host)
      try worker.registerFunction("f") { (n: Int) in n + 1 }
    }()
    let peer = try await engine.accept()
    _ = try await peer.receive("registerfunction")
    await peer.send(
      #"{"type":"invokefunction","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"f","data":1}"#)
    let answer = try await peer.receiveJSON()
    #expect(answer["result"] == 2)
    host.loop.post {
      host.abandonWorkers()
      host.timers.close()
    }
    #expect(await host.loop.stop() == 0)
  }
}

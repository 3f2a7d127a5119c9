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

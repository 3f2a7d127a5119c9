import Testing
import UV

@testable import III

extension Environment {
  /// A process with only these variables.
  static func test(_ variables: [String: String] = [:]) -> Environment {
    Environment(
      variables: { variables[$0] }, hostName: "host", processID: 7, kernel: "Linux 6.1 (x86_64)", projectName: "tests")
  }
}

/// A worker of a scripted engine that reconnects at once.
func connect(
  _ engine: ScriptedEngine, _ variables: [String: String] = [:], host: LoopHost? = nil,
  _ change: (inout InitOptions) -> Void = { _ in }
) async throws -> III {
  var options = InitOptions(workerName: "test")
  options.reconnection = ReconnectionConfig(initialDelay: .milliseconds(1), jitterFactor: 0)
  options.log = { _, _ in }
  change(&options)
  return try await registerWorker(await engine.url, options: options, environment: .test(variables), host: host)
}

extension III {
  /// Returns when the connection has handled all calls and registrations that were made before: on a busy loop it may be
  /// connected again earlier.
  func fence() async {
    await withCheckedContinuation { done in if !post({ _ in done.resume() }) { done.resume() } }
  }
}

extension LoopHost {
  /// Returns when what the loop has begun is done, with the timers that it sets.
  func fence() async { await withCheckedContinuation { done in if !loop.post({ done.resume() }) { done.resume() } } }
}

/// Runs `body` with a worker and the engine's side of its connection, from which the metadata was read.
func withWorker(
  _ change: (inout InitOptions) -> Void = { _ in },
  _ body: (III, ScriptedPeer, ScriptedEngine) async throws -> Void
) async throws {
  let engine = try await ScriptedEngine.start()
  let worker = try await connect(engine, [:], change)
  let peer = try await engine.accept()
  _ = try await peer.receive()
  try await body(worker, peer, engine)
  await peer.drop()
  await engine.stopListening()
  await worker.shutdown()
}

/// Runs `body` with a worker that uses a manual clock.
func withManualTime(_ body: (III, ScriptedPeer, ScriptedEngine, TimeSource) async throws -> Void) async throws {
  try await withManualHost { worker, engine, _, time in
    let peer = try await engine.accept()
    _ = try await peer.receive()
    try await body(worker, peer, engine, time)
  }
}

/// As `withManualTime`, with other options, and before the engine has accepted a connection.
func withManualHost(
  _ change: (inout InitOptions) -> Void = { _ in },
  _ body: (III, ScriptedEngine, LoopHost, TimeSource) async throws -> Void
) async throws {
  let engine = try await ScriptedEngine.start()
  let time = TimeSource.manual()
  let host = LoopHost(on: try Loop(name: "manual"), source: time)
  let worker = try await connect(engine, host: host, change)
  try await body(worker, engine, host, time)
  host.loop.post {
    host.abandonWorkers()
    host.timers.close()
  }
  await worker.shutdown()
  #expect(await host.loop.stop() == 0)
  await engine.stopListening()
}

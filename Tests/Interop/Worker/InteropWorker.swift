import III

/// `interop-worker PREFIX`: the Swift twin of python_worker.py and node_worker.mjs. Serves the engine at III_URL until its input ends.
@main
struct InteropWorker {
  static func main() async throws {
    let prefix = CommandLine.arguments.dropFirst().first ?? "swift"
    let worker = try await registerWorker(options: InitOptions(workerName: prefix))
    try await InteropFunctions(worker: worker, prefix: prefix).register()
    try InteropTriggers(worker: worker, prefix: prefix).register()
    try InteropAccess(worker: worker, prefix: prefix).register()
    try InteropDiscovery(worker: worker, prefix: prefix).register()
    _ = readLine()
    await worker.shutdown()
  }
}

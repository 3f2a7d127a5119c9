import III

/// `discover` tells what this worker sees of another by the methods of the SDK, in the rows of the engine's own functions.
struct InteropDiscovery: Sendable {
  let worker: III
  let prefix: String

  private struct Question: Codable, Sendable { let worker, function: String }
  private struct Found: Codable, Sendable {
    let functions: [String]
    let info: FunctionInfo
    let types: [String]
    let triggers: [String]
    let workers: [WorkerInfo]
  }

  func register() throws {
    try worker.registerFunction("\(prefix)::discover") { (input: Question) async throws -> Found in
      Found(
        functions: try await worker.listFunctions(worker: input.worker).map(\.functionID),
        info: try await worker.functionInfo(input.function),
        types: try await worker.listTriggerTypes().map(\.id),
        triggers: try await worker.listTriggers().map(\.functionID),
        workers: try await worker.listWorkers())
    }
  }
}

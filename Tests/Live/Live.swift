import Foundation
import III
import Testing

/// The engine that `III_URL` names, of whatever kind: these tests call the SDK's parts against it. Nothing here depends on the engine of
/// this package. Ids, topics and scopes are new with each run, because others may use the engine too.
enum Live {
  static let url = ProcessInfo.processInfo.environment["III_URL"]

  /// The suites' condition. Without an engine each of them is skipped with this line.
  static let isOn: ConditionTrait = .enabled(
    if: url != nil, "III_URL names no engine: start one with `iii-dev exec -- swift test --filter LiveTests`")

  /// An id that nobody else uses.
  static func id(_ name: String) -> String { "live::\(UUID().uuidString.prefix(8).lowercased())::\(name)" }

  /// Runs `body` with a worker, which is shut down at the end.
  static func withWorker<Result>(
    _ options: InitOptions = InitOptions(workerName: "live"), _ body: (III) async throws -> Result
  ) async throws -> Result {
    try await III.withWorker(at: url, options, body)
  }
}

extension III {
  static func withWorker<Result>(
    at url: String?, _ options: InitOptions, _ body: (III) async throws -> Result
  ) async throws -> Result {
    let worker = try await registerWorker(url, options: options)
    do {
      let result = try await body(worker)
      await worker.shutdown()
      return result
    } catch {
      await worker.shutdown()
      throw error
    }
  }

  /// Returns when the engine has handled what this worker has sent before: it handles a connection's messages in their order.
  func fence() async throws { _ = try await listWorkers() }

  /// Whether the engine has a function of its own.
  func engineOffers(_ functionID: String) async throws -> Bool {
    try await listFunctions(includeInternal: true).contains { $0.functionID == functionID }
  }

  /// Registers a function that gives each payload to the stream that is returned.
  func feed(_ functionID: String) throws -> AsyncStream<JSONValue> {
    let (stream, continuation) = AsyncStream<JSONValue>.makeStream()
    try registerFunction(functionID) { (payload: JSONValue) async in
      continuation.yield(payload)
      return JSONValue.null
    }
    return stream
  }
}

/// Waits for the first element, or the first that fits; a test's time limit ends it.
func first<Element: Sendable>(
  of stream: AsyncStream<Element>, where fits: (Element) -> Bool = { _ in true }
) async throws -> Element {
  for await element in stream where fits(element) { return element }
  throw CancellationError()
}

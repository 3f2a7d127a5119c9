/// Connects to an engine as a new worker.
///
/// Waits until the connection stands, at most ``InitOptions/connectTimeout``: then it warns once, on the standard error, and returns the
/// worker, which goes on trying. Calls that are made meanwhile wait for the connection; registrations are made as soon as it stands.
///
/// ```swift
/// let iii = try await registerWorker("ws://127.0.0.1:49134", options: InitOptions(workerName: "demo"))
/// try iii.registerFunction("demo::add") { (numbers: [Int]) async in numbers.reduce(0, +) }
/// ```
///
/// - Parameters:
///   - address: The engine's URL, `ws://host[:port][/path][?query]`, or `wss://` for TLS; without one the variable `III_URL`, else ``defaultEngineURL``.
///   - options: How the worker presents itself and holds its connection.
/// - Throws: ``IIIConnectionError`` if the address is none or a file of ``InitOptions/tls`` is of no use, or at once when all retries are used up; ``IIIRegistrationError`` if the
///   namespace is blank; `CancellationError` if the calling task is cancelled: then the worker is shut down.
public func registerWorker(_ address: String? = nil, options: InitOptions = InitOptions()) async throws -> III {
  try await registerWorker(address, options: options, environment: .current, host: nil)
}

/// As above, with a given environment, on a given loop and by its time.
func registerWorker(
  _ address: String?, options: InitOptions, environment: Environment, host: LoopHost?
) async throws -> III {
  let worker = try makeWorker(address, options: options, environment: environment, host: host)
  try await worker.connect(timeout: options.connectTimeout)
  return worker
}

/// A worker that has not begun to connect.
func makeWorker(
  _ address: String?, options: InitOptions, environment: Environment, host: LoopHost?
) throws -> III {
  try III(
    address ?? environment["III_URL"] ?? defaultEngineURL, options: options, environment: environment,
    host: try host ?? SharedLoop.host())
}

/// Connects to an engine as a new worker that lives on the engine's own loop and goes by its time.
package func registerWorker(_ address: String, options: InitOptions, on host: LoopHost) async throws -> III {
  try await registerWorker(address, options: options, environment: .current, host: host)
}

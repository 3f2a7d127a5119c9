/// Connects to an engine as a new worker; the worker is connected when this returns.
///
/// If the engine cannot be reached, it retries for at most ``InitOptions/connectTimeout``. With ``InitOptions/connection`` set to
/// ``InitOptions/FirstConnection/inBackground`` it returns at once: calls then wait for the connection, within their time-out, and
/// registrations are sent as soon as there is one.
///
/// An engine with access control may refuse the worker after that: its state is ``IIIConnectionState/failed`` then, and
/// calls fail with ``IIIErrorCode/connectionFailed`` and the engine's reason, unless ``ReconnectionConfig/retriesRefusedAuthentication`` is set.
///
/// ```swift
/// let iii = try await registerWorker("ws://127.0.0.1:49134", options: InitOptions(workerName: "demo"))
/// try iii.registerFunction("demo::add") { (numbers: [Int]) async in numbers.reduce(0, +) }
/// ```
///
/// - Parameters:
///   - address: The engine's URL, `ws://host[:port][/path][?query]`, or `wss://` for TLS; without one the variable `III_URL`, else
///     ``defaultEngineURL``.
///   - options: The worker's name and the settings of its connection.
/// - Throws: ``IIIConnectionError`` at once if the address is not a valid URL or a file of ``InitOptions/tls`` cannot be read; the same
///   error, with the reason of the last attempt, if there was no connection within ``InitOptions/connectTimeout`` or all retries are used
///   up: the worker is then shut down. ``IIIRegistrationError`` if the namespace is blank; ``RegistrationRejectedError`` if the engine
///   refuses the worker; `CancellationError` if the calling task is cancelled: the worker is then shut down.
public func registerWorker(_ address: String? = nil, options: InitOptions = InitOptions()) async throws -> III {
  try await registerWorker(address, options: options, environment: .current, host: nil)
}

/// Connects to an engine as a new worker, runs `body`, and shuts the worker down, also if `body` throws.
///
/// ```swift
/// let greeting: String = try await withWorker { worker in
///   try await worker.trigger("hello::greet", payload: "world")
/// }
/// ```
///
/// - Parameters:
///   - address: As for ``registerWorker(_:options:)``.
///   - options: The worker's name and the settings of its connection.
///   - isolation: The actor that `body` runs on: the caller's.
///   - body: Uses the worker.
/// - Returns: The result of `body`.
/// - Throws: As ``registerWorker(_:options:)``, and what `body` throws.
public func withWorker<Result>(
  _ address: String? = nil, options: InitOptions = InitOptions(), isolation: isolated (any Actor)? = #isolation,
  _ body: (III) async throws -> Result
) async throws -> Result {
  let worker = try await registerWorker(address, options: options)
  do {
    let result = try await body(worker)
    await worker.shutdown()
    return result
  } catch {
    await worker.shutdown()
    throw error
  }
}

/// Connects with a given environment, on a given loop and with that loop's time.
func registerWorker(
  _ address: String?, options: InitOptions, environment: Environment, host: LoopHost?
) async throws -> III {
  let worker = try makeWorker(address, options: options, environment: environment, host: host)
  switch options.connection {
  case .awaited: try await worker.connect(timeout: options.connectTimeout)
  case .inBackground: worker.start()
  }
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

/// Connects to an engine as a new worker that runs on the engine's own loop and uses its time.
package func registerWorker(_ address: String, options: InitOptions, on host: LoopHost) async throws -> III {
  try await registerWorker(address, options: options, environment: .current, host: host)
}

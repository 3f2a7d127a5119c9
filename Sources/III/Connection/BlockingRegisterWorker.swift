/// Connects to an engine as a new worker; blocks the thread until the connection stands, at most ``InitOptions/connectTimeout``.
///
/// For programs without tasks. After the time-out it warns and returns the worker, which goes on trying, as the async form does.
///
/// ```swift
/// let iii = try registerWorker("ws://127.0.0.1:49134")
/// defer { iii.shutdown() }
/// let greeting: String = try iii.trigger("hello::greet", payload: "world")
/// ```
///
/// - Parameters:
///   - address: The engine's URL; without one the variable `III_URL`, else ``defaultEngineURL``.
///   - options: How the worker presents itself and holds its connection.
/// - Throws: ``IIIConnectionError`` if the address is none, or at once when all retries are used up; ``IIIRegistrationError`` if the
///   namespace is blank; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` at once when a task runs on this thread, and
///   `BLOCKING_ON_LOOP` on a thread that serves connections: there, use the async form.
@available(
  *, noasync,
  message: "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
)
public func registerWorker(_ address: String? = nil, options: InitOptions = InitOptions()) throws -> III {
  try BlockingCall.check("registerWorker")
  let worker = try makeWorker(address, options: options, environment: .current, host: nil)
  try worker.checkBeginning(
    BlockingCall.value { worker.beginConnecting(options.connectTimeout, $0) }, options.connectTimeout)
  return worker
}

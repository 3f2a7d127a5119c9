internal import III

/// Connects to an engine as any worker does, calls a function, and disconnects, within one time-out.
struct EngineCaller {
  let url: String
  let timeout: Duration
  /// The name of the connection in the engine's listings.
  var workerName = "iii-dev trigger"
  var namespace: String?
  /// Whether to retry while the engine cannot be reached.
  var waits = false
  /// Receives a line for each step.
  var log: (@Sendable (String) -> Void)?

  typealias Call = (_ functionID: String, _ payload: JSONValue) async throws(Failure) -> JSONValue

  func call<Result>(_ body: (Call) async throws(Failure) -> Result) async throws(Failure) -> Result {
    let start = ContinuousClock.now
    let worker = try await connect()
    log?("connected to \(IIIConnectionError.redacted(url)) after \(Self.text(ContinuousClock.now - start))")
    do {
      let result = try await body { functionID, payload async throws(Failure) in
        try await call(functionID, payload, on: worker, within: timeout - (ContinuousClock.now - start))
      }
      await worker.shutdown()
      return result
    } catch {
      await worker.shutdown()
      throw error
    }
  }

  /// Calls a function on a connection that `connect` has made.
  func call(
    _ functionID: String, _ payload: JSONValue, on worker: III, within left: Duration
  ) async throws(Failure) -> JSONValue {
    guard left > .zero else { throw tooSlow(functionID) }
    let begun = ContinuousClock.now
    do {
      let result = try await worker.trigger(
        TriggerRequest(functionID: functionID, payload: payload, timeout: left, namespace: namespace))
      log?("\(functionID) answered after \(Self.text(ContinuousClock.now - begun))")
      return result
    } catch {
      throw failure(error, of: functionID, isConnected: worker.connectionState == .connected)
    }
  }

  func connect() async throws(Failure) -> III {
    var options = InitOptions(workerName: workerName)
    options.connectTimeout = timeout
    if !waits { options.reconnection.maxRetries = 0 }
    options.log = { [log] level, text in log?("\(level.rawValue) \(text)") }
    do {
      return try await registerWorker(url, options: options)
    } catch let error as IIIConnectionError {
      let target = IIIConnectionError.redacted(url)
      let reason = error.reason.map { ": \($0)" } ?? ""
      throw Failure(
        text: waits
          ? "no connection to \(target) within \(Self.text(timeout))\(reason)"
          : "cannot connect to \(target)\(reason)\n"
            + "Hint: is the engine running? Start one with `iii-dev`, or wait for it with --wait")
    } catch {
      throw Failure(text: "cannot connect to \(IIIConnectionError.redacted(url)): \(error)")
    }
  }

  private func tooSlow(_ functionID: String) -> Failure {
    Failure(
      text: "function '\(functionID)' has not answered within \(Self.text(timeout)); the engine can be reached. "
        + "The function may still be running: give it more time with --timeout-ms")
  }

  private func failure(_ error: any Error, of functionID: String, isConnected: Bool) -> Failure {
    switch error {
    case is IIITimeoutError where isConnected: return tooSlow(functionID)
    case let error as IIITimeoutError: return Failure(text: error.description)
    case let error as IIIInvocationError:
      return Failure(
        text: PrettyJSON.text([
          "code": .string(error.code), "message": .string(error.message),
          "stacktrace": error.stacktrace.map { .string($0) } ?? .null,
        ]), isUnknownFunction: error.code == IIIErrorCode.functionNotFound)
    default: return Failure(text: "the call of '\(functionID)' failed: \(error)")
    }
  }

  static func text(_ time: Duration) -> String {
    let tenths = Int(time.components.seconds) * 10_000 + Int(time.components.attoseconds / 100_000_000_000_000)
    return tenths % 10 == 0 || tenths >= 1000 ? "\(tenths / 10) ms" : "\(tenths / 10).\(tenths % 10) ms"
  }
}

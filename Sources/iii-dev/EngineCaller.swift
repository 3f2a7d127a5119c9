internal import III

/// Connects to an engine as any worker does, calls, and leaves; all of it within one time-out.
struct EngineCaller {
  let url: String
  let timeout: Duration
  var namespace: String?

  typealias Call = (_ functionID: String, _ payload: JSONValue) async throws(Failure) -> JSONValue

  /// Nobody answered, or nobody was there: the client goes on trying to connect until the time is over.
  static let timedOut = Failure(
    text: "Timed out waiting for the engine (no response within the timeout). "
      + "Is the engine running at the given address and port?")

  func call<Result>(_ body: (Call) async throws(Failure) -> Result) async throws(Failure) -> Result {
    let start = ContinuousClock.now
    var options = InitOptions(workerName: "iii-dev trigger")
    options.connectTimeout = timeout
    let worker: III
    do {
      worker = try await registerWorker(url, options: options)
    } catch {
      throw Failure(text: "WebSocket error: \(error)")
    }
    do {
      let result = try await body { functionID, payload async throws(Failure) in
        let left = timeout - (ContinuousClock.now - start)
        guard worker.connectionState == .connected, left > .zero else { throw Self.timedOut }
        do {
          return try await worker.trigger(
            TriggerRequest(functionID: functionID, payload: payload, timeout: left, namespace: namespace))
        } catch {
          throw Self.failure(error)
        }
      }
      await worker.shutdown()
      return result
    } catch {
      await worker.shutdown()
      throw error
    }
  }

  private static func failure(_ error: any Error) -> Failure {
    switch error {
    case is IIITimeoutError: return timedOut
    case let error as IIIInvocationError:
      return Failure(
        text: PrettyJSON.text([
          "code": .string(error.code), "message": .string(error.message),
          "stacktrace": error.stacktrace.map { .string($0) } ?? .null,
        ]))
    default: return Failure(text: "WebSocket error: \(error)")
    }
  }
}

/// The end of a call: its result's JSON, or an error.
typealias CallOutcome = Result<[UInt8], any Error>

/// A call that waits for its result.
final class PendingCall: Sendable {
  let id: UUID128
  let functionID: String
  /// When the call times out, by the worker's clock.
  let deadline: UInt64
  private let timeout: Duration
  /// Called once.
  let complete: @Sendable (CallOutcome) -> Void

  init(
    id: UUID128, functionID: String, timeout: Duration, now: UInt64,
    complete: @escaping @Sendable (CallOutcome) -> Void
  ) {
    self.id = id
    self.functionID = functionID
    self.timeout = timeout
    deadline = now.advanced(by: timeout)
    self.complete = complete
  }

  /// The error of a call that got no result in time; `disconnection` says why there was no connection, if there was none.
  func timedOut(disconnection: String?) -> IIIInvocationError {
    error(
      IIIErrorCode.timeout, "invocation timed out after \(max(1, timeout.milliseconds))ms",
      disconnection: disconnection)
  }

  /// An error that names this call.
  func error(_ code: String, _ message: String, disconnection: String? = nil) -> IIIInvocationError {
    .make(
      code: code, message: message, functionID: functionID, invocationID: id.description, origin: .client,
      disconnection: disconnection)
  }
}

/// The outcome of a call: its result's JSON, or an error.
typealias CallOutcome = Result<[UInt8], any Error>

/// A call whose caller waits: for its result, or, if it has none, until the call is handed over.
final class PendingCall: @unchecked Sendable {
  // Sendable: `message`, `place` and `timer` are used on the loop only, after the call was posted to it; the rest is immutable.

  enum Place {
    case waiting
    /// The transport has it and has not offered it to the socket yet.
    case given
    /// It has begun to leave: the engine may have received it.
    case left
    case ended
  }

  let id: UUID128
  let functionID: String
  /// Whether the caller waits for a result.
  let hasResult: Bool
  /// When the call times out, by the worker's clock.
  let deadline: UInt64
  private let timeout: Duration
  /// Called once.
  let complete: @Sendable (CallOutcome) -> Void

  /// The message to send; `nil` once it has begun to leave or the call has ended.
  var message: Outbound?
  var place = Place.waiting
  var timer: TimerToken?

  init(
    id: UUID128, functionID: String, message: Outbound, hasResult: Bool = true, timeout: Duration, now: UInt64,
    complete: @escaping @Sendable (CallOutcome) -> Void
  ) {
    self.id = id
    self.functionID = functionID
    self.message = message
    self.hasResult = hasResult
    self.timeout = timeout
    deadline = now.advanced(by: timeout)
    self.complete = complete
  }

  /// The error of a call that did not end in time; `disconnection` is the reason why there was no connection, if there was none.
  func timedOut(disconnection: String?) -> IIIInvocationError {
    let limit = "\(max(1, timeout.milliseconds))ms"
    let message =
      hasResult
      ? "invocation timed out after \(limit)"
      : "the call could not be handed over within \(limit): too much waits to be sent"
    return error(IIIErrorCode.timeout, message, disconnection: disconnection)
  }

  /// An error with this call's function and invocation id.
  func error(_ code: String, _ message: String, disconnection: String? = nil) -> IIIInvocationError {
    .make(
      code: code, message: message, functionID: functionID, invocationID: hasResult ? id.description : nil,
      origin: .client, disconnection: disconnection)
  }
}

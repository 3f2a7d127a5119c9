internal import Synchronization

/// The outcome of a call: its result's JSON, or an error.
typealias CallOutcome = Result<[UInt8], any Error>

/// A call whose caller waits: for its result, or, if it has none, until the call is handed over.
final class PendingCall: @unchecked Sendable {
  // Sendable: `completion`, `message`, `number`, `place` and `timer` are used by the thread that makes the call until it posts the call to
  // the loop, and on the loop only afterwards; `isCompleted` is atomic; the rest is immutable.

  enum Place {
    case waiting
    /// The transport has it and has not offered it to the socket yet.
    case given
    /// It has begun to leave: the engine may have received it.
    case left
    case ended
  }

  /// Receives the outcome.
  private enum Completion {
    case none
    case closure(@Sendable (CallOutcome) -> Void)
    case task(UnsafeContinuation<[UInt8], any Error>)
  }

  let id: UUID128
  let functionID: String
  /// Whether the caller waits for a result.
  let hasResult: Bool
  /// When the call times out, by the worker's clock.
  let deadline: UInt64
  private let timeout: Duration
  /// The handler that makes the call, where its host has a control.
  let activity: HandlerActivity?
  private var completion: Completion
  private let isCompleted = Atomic<Bool>(false)

  /// The message to send; `nil` once it has begun to leave or the call has ended.
  var message: Outbound?
  var place = Place.waiting
  var timer: TimerToken?
  /// The place of the call among those of its worker.
  var number: UInt64 = 0

  init(
    id: UUID128, functionID: String, message: Outbound, hasResult: Bool = true, timeout: Duration, now: UInt64,
    activity: HandlerActivity? = nil, complete: (@Sendable (CallOutcome) -> Void)? = nil
  ) {
    self.id = id
    self.functionID = functionID
    self.message = message
    self.hasResult = hasResult
    self.timeout = timeout
    deadline = now.advanced(by: timeout)
    self.activity = activity
    completion = complete.map { .closure($0) } ?? .none
  }

  /// Sets the closure that receives the outcome, before the call is posted.
  func onCompletion(_ complete: @escaping @Sendable (CallOutcome) -> Void) { completion = .closure(complete) }

  /// Sets the task that waits for the outcome, before the call is posted.
  func resumeOnCompletion(_ continuation: UnsafeContinuation<[UInt8], any Error>) { completion = .task(continuation) }

  /// Passes the outcome to the caller; called once.
  func complete(_ outcome: CallOutcome) {
    let completion = completion
    self.completion = .none
    isCompleted.store(true, ordering: .releasing)
    switch completion {
    case .none: break
    case .closure(let complete): complete(outcome)
    case .task(let continuation): continuation.resume(with: outcome)
    }
  }

  /// Orders the creation of the outcome on the loop before its use by the caller; see `Handoff`.
  func acquireOutcome() { _ = isCompleted.load(ordering: .acquiring) }

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

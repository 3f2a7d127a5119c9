internal import Synchronization

/// Passes calls to the connection, for all forms of `trigger`.
extension III {
  /// A call that was checked and is not posted yet.
  struct PreparedCall {
    fileprivate let worker: III
    let id: UUID128
    fileprivate let functionID: String
    fileprivate let message: Outbound
    fileprivate let hasResult: Bool
    fileprivate let timeout: Duration
    fileprivate let start: UInt64

    /// Posts the call; `complete` is called with its outcome.
    func post(_ complete: @escaping @Sendable (CallOutcome) -> Void) {
      let activity = HandlerActivity.current
      let call = PendingCall(
        id: id, functionID: functionID, message: message, hasResult: hasResult, timeout: timeout, now: start,
        complete: {
          activity?.endWait()
          complete($0)
        })
      let bytes = message.count
      worker.gauge.add(bytes)
      if !worker.postOrRun({
        activity?.beginWait()
        $0.call(call, posted: bytes)
      }) {
        worker.gauge.take(bytes)
        complete(.failure(worker.shutDownError(functionID)))
      }
    }
  }

  /// Sends a call and waits for its result's JSON. In a task that is already cancelled, nothing is sent.
  func result(of message: InvokeFunctionMessage, timeout: Duration?) async throws -> [UInt8] {
    try await outcome(of: try prepare(message, hasResult: true, timeout: timeout))
  }

  /// Sends a call that has no result; waits first if much waits to be sent.
  func handOver(_ message: InvokeFunctionMessage, timeout: Duration?) async throws {
    try Task.checkCancellation()
    if let call = try handOverAtOnce(message, timeout: timeout) { _ = try await outcome(of: call) }
  }

  /// Hands over a call that has no result, or returns it if it must wait.
  func handOverAtOnce(_ message: InvokeFunctionMessage, timeout: Duration?) throws -> PreparedCall? {
    let call = try prepare(message, hasResult: false, timeout: timeout)
    guard !gauge.isFull else { return call }
    let message = call.message
    gauge.add(message.count)
    guard postOrRun({ $0.callWithoutResult(message) }) else { throw shutDownError(call.functionID) }
    return nil
  }

  /// Checks a call; its time-out is measured from here.
  func prepare(_ message: InvokeFunctionMessage, hasResult: Bool, timeout: Duration?) throws -> PreparedCall {
    let functionID = message.functionID
    guard !isShutDown else { throw shutDownError(functionID) }
    let id = newID()
    var message = message
    if hasResult { message.invocationID = id }
    let count = message.count
    guard count <= maxMessageBytes else {
      let error = MessageTooLarge(count: count, limit: maxMessageBytes)
      throw clientError(MessageTooLarge.code, error.message, functionID)
    }
    // A message that must wait is encoded when it leaves.
    let outbound = gauge.isFull ? Outbound(message, count: count) : Outbound(frame: message.frame(count: count))
    let call = PreparedCall(
      worker: self, id: id, functionID: functionID, message: outbound, hasResult: hasResult,
      timeout: timeout ?? invocationTimeout, start: host.source.now)
    if let failure { throw call.failure(from: failure) }
    return call
  }

  private func outcome(of call: PreparedCall) async throws -> [UInt8] {
    try Task.checkCancellation()
    let handoff = Handoff()
    defer { handoff.acquire() }
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        call.post {
          handoff.release()
          continuation.resume(with: $0)
        }
        // If the task was cancelled before the call was posted, the cancellation handler had no call to cancel.
        if Task.isCancelled { self.post { $0.cancel(call.id) } }
      }
    } onCancel: {
      self.post { $0.cancel(call.id) }
    }
  }
}

/// Orders the creation of an outcome on the loop before its use by the caller.
///
/// The runtime does so too, but not visibly for ThreadSanitizer where a continuation is resumed before its task has suspended.
final class Handoff: Sendable {
  private let isReleased = Atomic<Bool>(false)

  func release() { isReleased.store(true, ordering: .releasing) }
  func acquire() { _ = isReleased.load(ordering: .acquiring) }
}

extension III.PreparedCall {
  fileprivate func failure(from error: any Error) -> any Error {
    PendingCall.failure(error, functionID: functionID, invocationID: hasResult ? id : nil)
  }
}

internal import Synchronization
internal import UV

/// Passes calls to the connection, for all forms of `trigger`.
extension III {
  /// Posts a call to the connection.
  func post(_ call: PendingCall) {
    let bytes = call.message?.count ?? 0
    gauge.add(bytes)
    let connection = connection
    if !host.loop.postOrRun({ connection.value.call(call, posted: bytes) }) {
      gauge.add(-bytes)
      call.complete(.failure(shutDownError(call.functionID)))
    }
  }

  /// As above; `complete` is called with the outcome.
  func post(_ call: PendingCall, _ complete: @escaping @Sendable (CallOutcome) -> Void) {
    call.onCompletion(complete)
    post(call)
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
  func handOverAtOnce(_ message: InvokeFunctionMessage, timeout: Duration?) throws -> PendingCall? {
    let call = try prepare(message, hasResult: false, timeout: timeout)
    guard !gauge.isFull, let message = call.message else { return call }
    gauge.add(message.count)
    guard postOrRun({ $0.callWithoutResult(message) }) else { throw shutDownError(call.functionID) }
    return nil
  }

  /// Checks a call; its time-out is measured from here.
  func prepare(_ message: InvokeFunctionMessage, hasResult: Bool, timeout: Duration?) throws -> PendingCall {
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
    let call = PendingCall(
      id: id, functionID: functionID, message: outbound, hasResult: hasResult, timeout: timeout ?? invocationTimeout,
      now: host.source.now, activity: HandlerActivity.current)
    if let failure { throw call.failure(from: failure) }
    return call
  }

  private func outcome(of call: PendingCall) async throws -> [UInt8] {
    try Task.checkCancellation()
    defer { call.acquireOutcome() }
    return try await withTaskCancellationHandler {
      // Unsafe, because the machine gives each call exactly one outcome; a check costs each call an allocation.
      try await withUnsafeThrowingContinuation { continuation in
        call.resumeOnCompletion(continuation)
        post(call)
        // If the task was cancelled before the call was posted, the cancellation handler had no call to cancel.
        if Task.isCancelled { post { $0.cancel(call.id) } }
      }
    } onCancel: {
      post { $0.cancel(call.id) }
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

/// The codes of ``IIIInvocationError`` that come from client and engine. All others come from the function that was called.
public enum IIIErrorCode {
  // MARK: Codes of the client

  /// No answer came within the time-out; ``IIITimeoutError``. An engine may send it too.
  public static let timeout = "TIMEOUT"
  /// The connection ended before the answer came; the function may have run.
  public static let connectionLost = "CONNECTION_LOST"
  /// The worker has failed because all retries are used up.
  public static let connectionFailed = "CONNECTION_FAILED"
  /// Too many calls waited for a connection, and this was the oldest.
  public static let queueOverflow = "QUEUE_OVERFLOW"
  /// The message is larger than ``InitOptions/maxMessageBytes``.
  public static let payloadTooLarge = "payload_too_large"
  /// The worker was shut down.
  public static let shutdown = "SHUTDOWN"
  /// A call that blocks was made inside a task.
  public static let blockingInTask = "BLOCKING_IN_TASK"
  /// A call that blocks was made on the thread that serves connections.
  public static let blockingOnLoop = "BLOCKING_ON_LOOP"
  /// The answer's error has no code.
  public static let unknown = "UNKNOWN"

  // MARK: Codes of the engine

  /// The worker may not call this function; ``IIIForbiddenError``.
  public static let forbidden = "FORBIDDEN"
  /// No worker has registered the function.
  public static let functionNotFound = "function_not_found"
  /// The function failed, with an error that has no code.
  public static let invocationFailed = "invocation_failed"
  /// The worker of the function was disconnected during the call.
  public static let invocationStopped = "invocation_stopped"
  /// The call could not be put into the queue.
  public static let enqueueError = "enqueue_error"
  /// The provider of a trigger type refused a trigger, with an error that has no code.
  public static let triggerRegistrationFailed = "trigger_registration_failed"
  /// No worker provides the trigger's type.
  public static let triggerTypeNotFound = "trigger_type_not_found"

  /// The codes that describe the call itself: a handler that made the call does not pass them on to its own caller.
  static let ofEngine: Set<String> = [
    timeout, connectionLost, connectionFailed, queueOverflow, payloadTooLarge, shutdown, blockingInTask,
    blockingOnLoop, unknown, forbidden,
    functionNotFound, invocationStopped, enqueueError,
  ]
}

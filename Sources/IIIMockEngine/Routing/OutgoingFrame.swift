internal import III

/// A message to a worker, as references to its parts: it is written once, into the connection's memory.
///
/// Calls and answers between workers, nearly all of the traffic, are sent without this enumeration: extracting a payload
/// from it copies it.
enum OutgoingFrame {
  case workerRegistered(id: UUID128, reattachToken: UUID128?)
  case pong
  case invocation(OutgoingInvocation)
  case registerTrigger(TriggerEntry)
  case unregisterTrigger(id: ByteKey, type: ByteKey)
  /// To a trigger's owner; the outcome is an error.
  case triggerRegistrationResult(TriggerEntry, Outcome)
  case result(OutgoingResult<Outcome>)

  static func result(id: UUID128, name: FunctionName, outcome: Outcome, trace: TraceHeaders?) -> OutgoingFrame {
    .result(OutgoingResult(id: id, name: name, outcome: outcome, trace: trace))
  }

  /// The outcome in an `invocationresult`.
  enum Outcome {
    case value(ByteView)
    /// A value that the engine made.
    case json([UInt8])
    case nothing
    case error(ErrorBody)
    case failure(InvocationFailure)
  }
}

/// `invokefunction` to a callee.
struct OutgoingInvocation {
  let id: UUID128
  let functionID: ByteView
  let data: ByteView
  /// Inserted into `data`, which then is an object.
  let caller: UUID128?
  let trace: TraceHeaders?
  let metadata: ByteView?
  /// For a queue's job: which queue delivers it, and for which time; JSON.
  var delivery: [UInt8]?
}

/// `invocationresult` to a caller.
///
/// - Parameter Outcome: Any outcome, or only a value that is passed on: that of nearly every call, in a quarter of the memory.
struct OutgoingResult<Outcome: ResultOutcome> {
  let id: UUID128
  let name: FunctionName
  let outcome: Outcome
  let trace: TraceHeaders?
}

/// The outcome in an `invocationresult`.
protocol ResultOutcome: ComposedText {
  /// The value that a callee has sent, if it is one.
  var value: ByteView? { get }
}

/// A value that a callee has sent.
struct PassedValue: ResultOutcome {
  let json: ByteView

  var value: ByteView? { json }
}

/// An error that the engine itself answers with.
struct InvocationFailure: Error, Equatable {
  let code: String
  let message: String
  var stacktrace: String?

  static func functionNotFound(_ id: String) -> InvocationFailure {
    InvocationFailure(code: "function_not_found", message: "Function \(id) not found")
  }

  static let stopped = InvocationFailure(code: "invocation_stopped", message: "Invocation stopped")
  /// The call was displaced by another one with its id.
  static let displaced = InvocationFailure(code: "invocation_error", message: "channel closed")
  static let noQueues = InvocationFailure(code: "enqueue_error", message: "QueueModule not loaded")

  static func timedOut(_ functionID: String) -> InvocationFailure {
    InvocationFailure(code: "TIMEOUT", message: "Function \(functionID) did not answer in time")
  }

  static func badInput(_ function: String, _ reason: String) -> InvocationFailure {
    InvocationFailure(
      code: "deserialization_error", message: "Failed to deserialize input for \(function): \(reason)")
  }

  static func notFound(_ message: String) -> InvocationFailure {
    InvocationFailure(code: "NOT_FOUND", message: message)
  }
}

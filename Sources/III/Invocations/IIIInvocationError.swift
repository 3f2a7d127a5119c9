/// A call failed: in the function, in the engine, or because no answer came.
///
/// ``code`` is the reason. ``IIIErrorCode`` lists the codes of client and engine; all others come from the function. `FORBIDDEN` and
/// `TIMEOUT` have the subclasses ``IIIForbiddenError`` and ``IIITimeoutError``. A handler throws one of these errors to return a code of
/// its own to its caller.
///
/// ```swift
/// do {
///   let receipt: Receipt = try await iii.trigger("bank::charge", payload: charge)
/// } catch let error as IIITimeoutError {
///   // no answer came in time
/// } catch let error as IIIInvocationError {
///   print(error.code, error.message)
/// }
/// ```
///
/// Mirrors `IIIInvocationError` of the Python SDK.
open class IIIInvocationError: Error, CustomStringConvertible, @unchecked Sendable {
  // Sendable: every stored property is immutable and Sendable; subclasses must not add others.

  /// Where an error was created. Only the SDK marks an error as the error of a call: an error that a user creates from the parts of another
  /// one is the user's own.
  enum Origin: Sendable {
    /// Created by the user.
    case own
    /// Created from the answer of the called function or the engine.
    case answer
    /// Created by this client, for a call that received no answer.
    case client
  }

  /// The reason of the failure, for programs; compared case-sensitively.
  public let code: String
  /// What happened, for people.
  public let message: String
  /// The function that was called; `nil` if the error does not come from a call.
  public let functionID: String?
  /// The called function's stack trace, if it sent one; never part of `description`.
  public let stacktrace: String?
  /// The id of the invocation, if there was one.
  public let invocationID: String?

  let origin: Origin
  /// Why there was no connection, if the call failed because of that.
  let disconnection: String?

  /// Creates an error. A handler throws it to return a code of its own to its caller.
  public init(
    code: String, message: String, functionID: String? = nil, stacktrace: String? = nil, invocationID: String? = nil
  ) {
    self.code = code
    self.message = message
    self.functionID = functionID
    self.stacktrace = stacktrace
    self.invocationID = invocationID
    origin = .own
    disconnection = nil
  }

  init(
    _ code: String, _ message: String, functionID: String?, stacktrace: String?, invocationID: String?,
    origin: Origin, disconnection: String?
  ) {
    self.code = code
    self.message = message
    self.functionID = functionID
    self.stacktrace = stacktrace
    self.invocationID = invocationID
    self.origin = origin
    self.disconnection = disconnection
  }

  /// Code and message, then the function if one is known, then the reason why there was no connection if that was the cause: `TIMEOUT:
  /// invocation timed out after 300ms (function 'bank::charge'); not connected: ECONNREFUSED`.
  public var description: String {
    summary + (functionID.map { " (function '\($0)')" } ?? "")
      + (disconnection.map { "; not connected: \($0)" } ?? "")
  }

  private var summary: String { "\(code): \(message)" }

  /// What the caller of a handler that threw this error receives.
  ///
  /// An error of a call that the handler made must not look like an error of the caller's own call: codes of client and engine become
  /// `invocation_failed`.
  var passedOn: HandlerOutcome {
    guard origin != .own else { return .failure(code: code, message: message, stacktrace: stacktrace) }
    let function = functionID ?? "a function"
    if origin == .answer, !IIIErrorCode.ofEngine.contains(code) {
      return .failure(code: code, message: "\(function): \(message)", stacktrace: stacktrace)
    }
    let reason = disconnection.map { "; not connected: \($0)" } ?? ""
    return .failure(
      code: IIIErrorCode.invocationFailed, message: "in a call of '\(function)': \(summary)\(reason)",
      stacktrace: stacktrace)
  }
}

extension IIIInvocationError: Equatable {
  /// Whether code, message and function are equal.
  public static func == (one: IIIInvocationError, other: IIIInvocationError) -> Bool {
    one.code == other.code && one.message == other.message && one.functionID == other.functionID
  }
}

/// The engine did not allow the call; code `FORBIDDEN`.
///
/// Mirrors `IIIForbiddenError` of the Python SDK.
public final class IIIForbiddenError: IIIInvocationError, @unchecked Sendable {
  // Sendable: it adds no stored property to its base class.

  /// Creates an error.
  public override init(
    code: String = IIIErrorCode.forbidden, message: String, functionID: String? = nil, stacktrace: String? = nil,
    invocationID: String? = nil
  ) {
    super.init(
      code: code, message: message, functionID: functionID, stacktrace: stacktrace, invocationID: invocationID)
  }

  override init(
    _ code: String, _ message: String, functionID: String?, stacktrace: String?, invocationID: String?,
    origin: Origin, disconnection: String?
  ) {
    super.init(
      code, message, functionID: functionID, stacktrace: stacktrace, invocationID: invocationID, origin: origin,
      disconnection: disconnection)
  }
}

/// No answer came in time; code `TIMEOUT`. The function may have run.
///
/// Mirrors `IIITimeoutError` of the Python SDK.
public final class IIITimeoutError: IIIInvocationError, @unchecked Sendable {
  // Sendable: it adds no stored property to its base class.

  /// Creates an error.
  public override init(
    code: String = IIIErrorCode.timeout, message: String, functionID: String? = nil, stacktrace: String? = nil,
    invocationID: String? = nil
  ) {
    super.init(
      code: code, message: message, functionID: functionID, stacktrace: stacktrace, invocationID: invocationID)
  }

  override init(
    _ code: String, _ message: String, functionID: String?, stacktrace: String?, invocationID: String?,
    origin: Origin, disconnection: String?
  ) {
    super.init(
      code, message, functionID: functionID, stacktrace: stacktrace, invocationID: invocationID, origin: origin,
      disconnection: disconnection)
  }
}

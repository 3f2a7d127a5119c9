/// A call that failed: in the function, in the engine, or because no answer came.
///
/// ``code`` says why. ``IIIErrorCode`` names the codes of client and engine; everything else comes from the function. `FORBIDDEN` and
/// `TIMEOUT` come as the subclasses ``IIIForbiddenError`` and ``IIITimeoutError``. A handler throws one of these to give its caller a code
/// of its own.
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

  /// Where an error was made. Only the SDK marks an error as one of a call: an error that is made again from the parts of another
  /// is its maker's own.
  enum Origin: Sendable {
    /// By the user.
    case own
    /// By the function that was called, or by the engine: it came with the answer.
    case answer
    /// By this client, for a call that got no answer.
    case client
  }

  /// Why the call failed, for programs; compared with case.
  public let code: String
  /// What happened, for people.
  public let message: String
  /// The function that was called; `nil` where the error does not come from a call.
  public let functionID: String?
  /// The called function's stack trace, if it sent one; never part of `description`.
  public let stacktrace: String?
  /// The id of the invocation, if there was one.
  public let invocationID: String?

  let origin: Origin
  /// Why there was no connection, where the call failed because there was none.
  let disconnection: String?

  /// Creates an error. A handler throws it to give its caller a code of its own.
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

  /// Code and message, then the function where one is known, and why there was no connection where that was the cause:
  /// `TIMEOUT: invocation timed out after 300ms (function 'bank::charge'); not connected: ECONNREFUSED`.
  public var description: String {
    summary + (functionID.map { " (function '\($0)')" } ?? "")
      + (disconnection.map { "; not connected: \($0)" } ?? "")
  }

  private var summary: String { "\(code): \(message)" }

  /// What the caller of a handler gets that threw this error.
  ///
  /// An error of a call that the handler made must not look like one of the caller's own call: codes of client and engine become
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
  /// Whether code, message and function are the same.
  public static func == (one: IIIInvocationError, other: IIIInvocationError) -> Bool {
    one.code == other.code && one.message == other.message && one.functionID == other.functionID
  }
}

/// The call was not allowed by the engine; code `FORBIDDEN`.
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

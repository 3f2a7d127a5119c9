/// A call that failed: by the callee, by the engine, or because no answer came.
///
/// `code` says why: codes of the engine are lower case (`function_not_found`, `invocation_failed`,
/// `invocation_stopped`), `FORBIDDEN` and `TIMEOUT` come as the subclasses `IIIForbiddenError` and `IIITimeoutError`,
/// everything else is what the callee gave. A handler that throws one of these passes its code, message and stack trace
/// on to the caller.
///
/// ```swift
/// do {
///   let receipt: Receipt = try await iii.trigger("bank::charge", payload: charge)
/// } catch let error as IIITimeoutError {
///   // nobody answered in time
/// } catch let error as IIIInvocationError {
///   print(error.code, error.message)
/// }
/// ```
///
/// Mirrors `IIIInvocationError` of the Python SDK.
open class IIIInvocationError: Error, CustomStringConvertible, @unchecked Sendable {
  // Sendable: every stored property is immutable and Sendable; subclasses must not add others.

  /// Why the call failed, for programs; compared with case.
  public let code: String
  /// What happened, for people.
  public let message: String
  /// The function that was called; nil where the error does not come from a call.
  public let functionID: String?
  /// The callee's stack trace, if it sent one; never part of `description`.
  public let stacktrace: String?
  /// The id of the invocation, if there was one.
  public let invocationID: String?

  /// Makes an error, as a handler does to tell its caller a code of its own.
  public init(
    code: String, message: String, functionID: String? = nil, stacktrace: String? = nil, invocationID: String? = nil
  ) {
    self.code = code
    self.message = message
    self.functionID = functionID
    self.stacktrace = stacktrace
    self.invocationID = invocationID
  }

  /// The code and the message: `FORBIDDEN: function 'f' not allowed`.
  public var description: String { "\(code): \(message)" }
}

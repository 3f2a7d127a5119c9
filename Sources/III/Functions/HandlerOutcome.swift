/// What a handler came to, as the caller will read it.
enum HandlerOutcome: Sendable, Equatable {
  /// JSON.
  case result([UInt8])
  case failure(code: String, message: String, stacktrace: String?)

  static let null = HandlerOutcome.result(Array("null".utf8))

  static func invocationFailed(_ message: String) -> HandlerOutcome {
    .failure(code: "invocation_failed", message: message, stacktrace: nil)
  }
}

/// A function of the worker: what the engine is told of it, and what runs when it is invoked.
final class RegisteredFunction: Sendable {
  /// By which a registration knows its own entry in the table of ids.
  final class Claim: Sendable {}

  /// Decodes the payload, runs the user's handler, encodes what it returns; never throws.
  enum Body: Sendable {
    /// Runs as a task.
    case task(@Sendable (_ payload: [UInt8]) async -> HandlerOutcome)
    /// May block: runs on a thread of the worker's pool.
    case thread(@Sendable (_ payload: [UInt8]) -> HandlerOutcome)
  }

  let id: String
  let claim = Claim()
  let registration: RegisterFunctionMessage
  let body: Body

  init(_ registration: RegisterFunctionMessage, _ body: Body) {
    id = registration.id
    self.registration = registration
    self.body = body
  }
}

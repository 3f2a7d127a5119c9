/// A function of the worker: what the engine is told of it, and what runs when it is invoked.
final class RegisteredFunction: Sendable {
  /// By which a registration knows its own entry in the table of ids.
  final class Claim: Sendable {}

  let id: String
  let claim = Claim()
  let registration: RegisterFunctionMessage
  /// Decodes the payload, runs the user's handler, encodes what it returns; never throws.
  let handler: @Sendable (_ payload: [UInt8]) async -> HandlerOutcome

  init(
    _ registration: RegisterFunctionMessage, handler: @escaping @Sendable (_ payload: [UInt8]) async -> HandlerOutcome
  ) {
    id = registration.id
    self.registration = registration
    self.handler = handler
  }
}

internal import UV

/// A function of the worker: its registration at the engine, and the code that runs when it is invoked.
final class RegisteredFunction: Sendable {
  /// Identifies a registration in the table of ids.
  final class Claim: Sendable {}

  typealias TaskBody = @Sendable (_ payload: [UInt8]) async -> HandlerOutcome
  typealias ThreadBody = @Sendable (_ payload: [UInt8]) -> HandlerOutcome

  /// Decodes the payload, runs the user's handler, encodes its result; never throws.
  enum Body: Sendable {
    /// Runs as a task.
    case task(TaskBody)
    /// May block: runs on a thread of the worker's pool.
    case thread(ThreadBody)
    /// The engine calls it over HTTP; this worker has no code for it.
    case remote
  }

  /// What a caller receives if a function that the engine calls over HTTP is invoked here.
  static let notInvokable = HandlerOutcome.failure(
    code: "function_not_invokable", message: "Function is HTTP-invoked and cannot be invoked locally", stacktrace: nil)

  let id: String
  let claim = Claim()
  let registration: RegisterFunctionMessage
  let body: Body
  /// `nil` if any number of invocations may run at once.
  let limiter: InvocationLimiter?

  init(_ registration: RegisterFunctionMessage, _ body: Body, _ concurrency: FunctionConcurrency = .unlimited) {
    id = registration.id
    self.registration = registration
    self.body = body
    limiter = concurrency.limit.map(InvocationLimiter.init)
  }
}

/// Limits how many invocations of a function run at once. The others wait and begin in the order of arrival.
final class InvocationLimiter: Sendable {
  private struct State {
    var running = 0
    var waiting = FIFO<@Sendable () -> Void>()
  }

  private let limit: Int
  private let state = Lock(State())

  init(limit: Int) { self.limit = limit }

  /// Begins an invocation now or when its turn comes; each calls `ended` once, from a later turn of the loop or from another thread.
  func begin(_ invocation: @escaping @Sendable () -> Void) {
    let beginsNow = state.withLock { state in
      guard state.running < limit else {
        state.waiting.append(invocation)
        return false
      }
      state.running += 1
      return true
    }
    if beginsNow { invocation() }
  }

  /// An invocation has ended: the next one begins.
  func ended() {
    let next = state.withLock { state in
      let next = state.waiting.popFirst()
      if next == nil { state.running -= 1 }
      return next
    }
    next?()
  }
}

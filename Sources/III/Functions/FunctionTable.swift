internal import UV

/// The ids of a worker's functions; used by any thread, so that a registration with a taken id fails at once.
///
/// It holds no handler: those may hold the worker, which holds this.
final class FunctionTable: Sendable {
  private let functions = Lock<[ByteKey: RegisteredFunction.Claim]>([:])

  /// Adds a function. `then` runs in the order of additions and removals, under the lock: it may only post.
  func add(_ function: RegisteredFunction, then: () -> Void) throws(IIIRegistrationError) {
    guard !function.id.allSatisfy(\.isWhitespace) else { throw IIIRegistrationError(reason: .emptyID) }
    let key = ByteKey(function.id)
    let isFree = functions.withLock { functions in
      guard functions[key] == nil else { return false }
      functions[key] = function.claim
      then()
      return true
    }
    guard isFree else { throw IIIRegistrationError(reason: .alreadyRegistered(function.id)) }
  }

  /// Removes this very function; one that was registered later under its id stays.
  func remove(_ function: RegisteredFunction, then: () -> Void) {
    let key = ByteKey(function.id)
    functions.withLock { functions in
      guard functions[key] === function.claim else { return }
      functions[key] = nil
      then()
    }
  }
}

internal import UV

/// The ids that a worker has functions for; asked by any thread, so that a registration fails where it is made.
///
/// It holds no handler: those may hold the worker, which holds this.
final class FunctionTable: Sendable {
  private let functions = Lock<[String: RegisteredFunction.Claim]>([:])

  /// Enters a function. `then` runs in the order of the entries and removals, under the lock: it may only post.
  func add(_ function: RegisteredFunction, then: () -> Void) throws(IIIRegistrationError) {
    guard !function.id.allSatisfy(\.isWhitespace) else { throw IIIRegistrationError(reason: .emptyID) }
    let isFree = functions.withLock { functions in
      guard functions[function.id] == nil else { return false }
      functions[function.id] = function.claim
      then()
      return true
    }
    guard isFree else { throw IIIRegistrationError(reason: .alreadyRegistered(function.id)) }
  }

  /// Removes this very function; one that was registered later under its id stays.
  func remove(_ function: RegisteredFunction, then: () -> Void) {
    functions.withLock { functions in
      guard functions[function.id] === function.claim else { return }
      functions[function.id] = nil
      then()
    }
  }
}

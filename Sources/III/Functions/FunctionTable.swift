internal import UV

/// The ids of a worker's functions. All threads use it, so that the registration of an id that is already in use fails at once.
///
/// It holds no handlers: they may hold the worker, which holds this table.
final class FunctionTable: Sendable {
  private let functions = Lock<[ByteKey: RegisteredFunction.Claim]>([:])

  /// Adds a function. `then` runs in the order of additions and removals, under the lock, so it may only post to the loop.
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

  /// Removes exactly this function; a later one with the same id stays.
  func remove(_ function: RegisteredFunction, then: () -> Void) {
    let key = ByteKey(function.id)
    functions.withLock { functions in
      guard functions[key] === function.claim else { return }
      functions[key] = nil
      then()
    }
  }
}

internal import UV

/// What anybody may ask a worker about its connection, from any thread.
final class ConnectionStatus: Sendable {
  private struct Values {
    var state = IIIConnectionState.disconnected
    var workerID: String?
    var rejection: RegistrationRejectedError?
    var isShutDown = false
    var isRetired = false
    var hasEnded = false
    var whenFinished: (@Sendable () -> Void)?
    var observers: [Int: AsyncStream<IIIConnectionState>.Continuation] = [:]
    var observed = 0
  }

  private let values = Lock(Values())

  var state: IIIConnectionState { values.withLock { $0.state } }
  var workerID: String? { values.withLock { $0.workerID } }
  var rejection: RegistrationRejectedError? { values.withLock { $0.rejection } }
  /// Whether `shutdown` was called: from then on nothing is accepted.
  var isShutDown: Bool { values.withLock { $0.isShutDown } }

  /// Whether functions and triggers are taken still.
  var takesRegistrations: Bool { values.withLock { !$0.isShutDown && !$0.isRetired } }

  func set(workerID: String) { values.withLock { $0.workerID = workerID } }
  func set(rejection: RegistrationRejectedError) { values.withLock { $0.rejection = rejection } }

  /// `true` for the first caller.
  func beginShutdown() -> Bool {
    values.withLock { values in
      defer { values.isShutDown = true }
      return !values.isShutDown
    }
  }

  /// From now on no functions and triggers are taken.
  func retire() { values.withLock { $0.isRetired = true } }

  func set(state: IIIConnectionState) {
    values.withLock { values in
      values.state = state
      // Under the lock, so that all observers see the states in one order. Who waits resumes elsewhere.
      for observer in values.observers.values { observer.yield(state) }
    }
  }

  /// Sets what runs when the worker has ended.
  func whenFinished(_ body: @escaping @Sendable () -> Void) { values.withLock { $0.whenFinished = body } }

  /// No further state will come.
  func finish() {
    let (observers, whenFinished) = values.withLock { values in
      defer {
        values.observers = [:]
        values.whenFinished = nil
      }
      values.hasEnded = true
      return (Array(values.observers.values), values.whenFinished)
    }
    for observer in observers { observer.finish() }
    whenFinished?()
  }

  /// The states from now on, the present one first if wanted; and what ends them.
  func observe(startingWithCurrent: Bool) -> (AsyncStream<IIIConnectionState>, Cancellation) {
    let (stream, continuation) = AsyncStream<IIIConnectionState>.makeStream()
    let (id, hasEnded) = values.withLock { values in
      values.observed += 1
      if startingWithCurrent { continuation.yield(values.state) }
      if !values.hasEnded { values.observers[values.observed] = continuation }
      return (values.observed, values.hasEnded)
    }
    continuation.onTermination = { [weak self] _ in self?.forget(id) }
    if hasEnded { continuation.finish() }
    return (stream, Cancellation { continuation.finish() })
  }

  private func forget(_ id: Int) {
    // Outside of the lock: ending a continuation may call back.
    let observer = values.withLock { $0.observers.removeValue(forKey: id) }
    observer?.finish()
  }
}

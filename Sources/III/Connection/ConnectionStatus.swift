internal import Synchronization
internal import UV

/// The state of a worker's connection, readable on any thread.
final class ConnectionStatus: Sendable {
  private struct Values {
    var state = IIIConnectionState.disconnected
    var workerID: String?
    var rejection: RegistrationRejectedError?
    /// Why the worker has failed, if it has.
    var failure: (any Error)?
    var isRetired = false
    var hasEnded = false
    var observers: [Int: AsyncStream<IIIConnectionState>.Continuation] = [:]
    var observed = 0
  }

  private let values = Lock(Values())
  // What each call asks for, beside the lock: the threads that make calls would wait for one another.
  private let isEnding = Atomic<Bool>(false)
  private let hasFailed = Atomic<Bool>(false)

  var state: IIIConnectionState { values.withLock { $0.state } }
  var workerID: String? { values.withLock { $0.workerID } }
  var rejection: RegistrationRejectedError? { values.withLock { $0.rejection } }
  var failure: (any Error)? { hasFailed.load(ordering: .acquiring) ? values.withLock { $0.failure } : nil }
  /// Whether `shutdown` was called: after it nothing is accepted.
  var isShutDown: Bool { isEnding.load(ordering: .acquiring) }

  /// Whether functions and triggers are accepted.
  var acceptsRegistrations: Bool { !isShutDown && values.withLock { !$0.isRetired } }

  func set(workerID: String) { values.withLock { $0.workerID = workerID } }
  func set(rejection: RegistrationRejectedError) { values.withLock { $0.rejection = rejection } }

  func set(failure: any Error) {
    values.withLock { $0.failure = failure }
    hasFailed.store(true, ordering: .releasing)
  }

  /// Returns `true` for the first caller only.
  func beginShutdown() -> Bool { !isEnding.exchange(true, ordering: .acquiringAndReleasing) }

  /// Stops accepting functions and triggers.
  func retire() { values.withLock { $0.isRetired = true } }

  func set(state: IIIConnectionState) {
    values.withLock { values in
      values.state = state
      // Under the lock, so that all observers see the states in one order. Waiting tasks resume elsewhere.
      for observer in values.observers.valuesInOrder { observer.yield(state) }
    }
  }

  /// Ends all observers: no state follows.
  func finish() {
    let observers = values.withLock { values in
      defer { values.observers = [:] }
      values.hasEnded = true
      return values.observers.valuesInOrder
    }
    for observer in observers { observer.finish() }
  }

  /// A stream of the states from now on, beginning with the current one if `startingWithCurrent`; and a cancellation that ends it.
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
    // Outside the lock: ending a continuation may call back.
    let observer = values.withLock { $0.observers.removeValue(forKey: id) }
    observer?.finish()
  }
}

/// Ends the thing that it was returned for, such as a listener.
public struct Cancellation: Sendable {
  private let end: @Sendable () -> Void

  init(_ end: @escaping @Sendable () -> Void) { self.end = end }

  /// Ends it; a second call has no effect.
  ///
  /// After this has returned, no further call of a listener begins. It waits for a call that runs, unless that call itself called `cancel`.
  public func cancel() { end() }
}

/// Calls a listener with each state, one after another, until it is cancelled.
final class StateListener: Sendable {
  private struct State {
    /// `nil` once it is cancelled: a handler may hold the cancellation, which would be a reference cycle.
    var handler: (@Sendable (IIIConnectionState) -> Void)?
    /// The thread on which the listener runs.
    var thread: UInt?
  }

  private let state: Monitor<State>

  init(_ handler: @escaping @Sendable (IIIConnectionState) -> Void) { state = Monitor(State(handler: handler)) }

  /// Returns `false` if the listener was cancelled.
  func call(_ connectionState: IIIConnectionState) -> Bool {
    let handler = state.withLock { state in
      if state.handler != nil { state.thread = currentThreadID() }
      return state.handler
    }
    guard let handler else { return false }
    handler(connectionState)
    state.withLock { $0.thread = nil }
    state.wakeAll()
    return true
  }

  func cancel() {
    // Released outside the lock: objects that the handler holds may be deallocated with it.
    var handler: (@Sendable (IIIConnectionState) -> Void)?
    state.wait { state in
      handler = handler ?? state.handler
      state.handler = nil
      return state.thread == nil || state.thread == currentThreadID() ? () : nil
    }
    _ = handler
  }
}

/// The state of a worker's connection to its engine.
///
/// A worker begins `disconnected`. It is `connecting` until it is connected for the first time or its first attempt has failed, and from
/// then on is either `connected` or `reconnecting`. `failed` is final: all retries are used up (``ReconnectionConfig/maxRetries``), or the
/// engine refused the worker (``ReconnectionConfig/retriesRefusedAuthentication``). After ``III/shutdown()`` the state remains `disconnected`.
public enum IIIConnectionState: String, Sendable, Codable, CaseIterable {
  /// Not started, or shut down.
  case disconnected
  /// The first attempt is in progress.
  case connecting
  /// The WebSocket is open: calls are sent at once, and the engine may invoke the worker's functions.
  case connected
  /// The connection was lost or could not be opened; the next attempt is in progress or waits for its time.
  case reconnecting
  /// Failed; the worker makes no more attempts.
  case failed
}

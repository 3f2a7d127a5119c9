internal import UV

/// Where an engine is looked for when neither an address nor the variable `III_URL` says so: `ws://127.0.0.1:49134`.
public let defaultEngineURL = "ws://127.0.0.1:49134"

/// A worker: a connection to an iii engine, by which functions are offered and called.
///
/// Made by ``registerWorker(_:options:)``. It connects again by itself whenever its connection ends, and tells the engine its functions
/// anew. A worker serves until ``shutdown()`` is called or the process exits; it does not keep the process alive, and it does not end
/// with the last reference to it.
///
/// ```swift
/// let iii = try await registerWorker(options: InitOptions(workerName: "greeter"))
/// try iii.registerFunction("hello::greet") { (name: String) async in "Hello, \(name)!" }
/// let greeting: String = try await iii.trigger("hello::greet", payload: "world")
/// await iii.shutdown()
/// ```
///
/// Mirrors `III` of the Python SDK.
public final class III: Sendable {
  /// The engine's address, as it was given.
  public let address: String

  let functions = FunctionTable()
  let invocationTimeout: Duration
  let maxMessageBytes: Int
  /// The namespace of the worker; `nil` names none.
  let namespace: String?
  let host: LoopHost
  let gauge: SendGauge
  let log: @Sendable (LogLevel, String) -> Void
  private let status: ConnectionStatus
  private let connection: LoopBound<Connection>

  init(_ address: String, options: InitOptions, environment: Environment, host: LoopHost) throws {
    self.address = address
    self.host = host
    let settings = try ConnectionSettings(address, options, environment)
    invocationTimeout = options.invocationTimeout
    maxMessageBytes = options.maxMessageBytes
    namespace = settings.namespace
    log = settings.configuration.log
    status = ConnectionStatus()
    gauge = SendGauge(limit: settings.configuration.machine.maxUnsentBytes)
    connection = LoopBound(Connection(settings.configuration, on: host, status: status, gauge: gauge), on: host.loop)
  }

  /// The workers of this process that are not shut down, in the order in which they were made.
  ///
  /// A worker lives until ``shutdown()``, also without a reference to it: this finds it again.
  ///
  /// ```swift
  /// for worker in III.active { await worker.shutdown() }
  /// ```
  public static var active: [III] { ActiveWorkers.all }

  /// The id under which the engine knows the present connection; `nil` before the engine has said it. Each connection has a new one.
  public var workerID: String? { status.workerID }

  /// How the worker stands towards its engine now.
  public var connectionState: IIIConnectionState { status.state }

  /// The last refusal of this worker, or of one of its functions, by an engine of version 0.23 or later.
  ///
  /// A function that is refused (`FUNCTION_NAMESPACE_CONFLICT`) leaves the worker connected; any other code ends it: the state is
  /// ``IIIConnectionState/failed``.
  public var registrationRejection: RegistrationRejectedError? { status.rejection }

  /// The states from now on, the present one first. Each access gives a stream of its own; it ends after ``shutdown()``.
  ///
  /// ```swift
  /// for await state in iii.connectionStates { print("the engine is", state) }
  /// ```
  public var connectionStates: AsyncStream<IIIConnectionState> { status.observe(startingWithCurrent: true).0 }

  /// Calls `handler` with each state that follows, one after another, until the result's `cancel` is called or the worker is shut down.
  ///
  /// The handler does not run on a thread of the connection: it may take its time. No call of it begins after `cancel` has returned.
  @discardableResult
  public func addConnectionStateListener(_ handler: @escaping @Sendable (IIIConnectionState) -> Void) -> Cancellation {
    let (states, ending) = status.observe(startingWithCurrent: false)
    let listener = StateListener(handler)
    Task {
      for await state in states where !listener.call(state) { break }
    }
    return Cancellation {
      ending.cancel()
      listener.cancel()
    }
  }

  /// Ends the worker: calls that wait fail with the code `SHUTDOWN`, the connection is closed, and nothing is accepted any more.
  ///
  /// Messages that were handed over before are still sent. The tasks of handlers that run are cancelled; they are not waited for, and
  /// their results are dropped. It returns within 5 s, also when the engine does not answer; a second call waits for the first and does nothing else.
  public func shutdown() async {
    await withCheckedContinuation { continuation in beginShutdown { continuation.resume() } }
  }

  /// Has the connection closed; calls `done` when it is.
  func beginShutdown(_ done: @escaping @Sendable () -> Void) {
    if status.beginShutdown() { ActiveWorkers.remove(status) }
    if !post({ $0.shutDown(done) }) { done() }
  }

  /// Whether `shutdown` was called.
  var isShutDown: Bool { status.isShutDown }

  /// Why the worker has given up; `nil` if it has not.
  var failure: (any Error)? { status.failure }

  /// Throws if functions and triggers are not accepted any more.
  func checkRegistrations(_ id: String) throws {
    guard status.acceptsRegistrations else { throw shutDownError(id) }
    if let failure { throw failure }
  }

  /// Gives the connection something to do, in the order of the posts; `false` says that its loop has ended.
  @discardableResult
  func post(_ body: @escaping @Sendable (Connection) -> Void) -> Bool {
    host.loop.post { [connection] in body(connection.value) }
  }

  /// Connects, and waits for it.
  func connect(timeout: Duration) async throws {
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        beginConnecting(timeout) { continuation.resume(returning: $0) }
      }
    } onCancel: {
      beginShutdown {}
    }
    if Task.isCancelled {
      await shutdown()
      throw CancellationError()
    }
    try checkBeginning(outcome, timeout)
  }

  /// Connects; calls `done` when the connection stands, or never will, or has taken too long.
  func beginConnecting(_ timeout: Duration, _ done: @escaping @Sendable (Connection.ConnectOutcome) -> Void) {
    ActiveWorkers.add(self, status)
    let isAccepted = post {
      $0.start()
      $0.waitForConnection(timeout, done)
    }
    if !isAccepted {
      ActiveWorkers.remove(status)
      done(.shutDown)
    }
  }

  /// As `check`, for who made the worker: nobody gets to hold one that has failed.
  func checkBeginning(_ outcome: Connection.ConnectOutcome, _ timeout: Duration) throws {
    do { try check(outcome, timeout) } catch {
      beginShutdown {}
      throw error
    }
  }

  /// What the one who waits for the connection is told of an outcome.
  func check(_ outcome: Connection.ConnectOutcome, _ timeout: Duration) throws {
    switch outcome {
    case .connected: break
    case .failed(let error as IIIConnectionError): throw IIIConnectionError(address: address, reason: error.reason)
    case .failed(let error): throw error
    case .shutDown: throw IIIConnectionError(address: address, reason: "the worker was shut down")
    case .timedOut:
      log(
        .warn,
        "Timed out after \(timeout.milliseconds / 1000)s waiting for connection to "
          + "\(IIIConnectionError.redacted(address)); continuing to retry in background")
    }
  }

  /// From now on no functions and triggers are taken, and the engine is told that there are none.
  func retire() {
    status.retire()
    post { $0.retire() }
  }
}

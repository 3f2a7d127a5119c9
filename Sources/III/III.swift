internal import UV

/// The engine's address if neither an argument nor the variable `III_URL` names one: `ws://127.0.0.1:49134`.
public let defaultEngineURL = "ws://127.0.0.1:49134"

/// A worker: a connection to an iii engine, on which functions are offered and called.
///
/// ``registerWorker(_:options:)`` creates one. When its connection ends, it reconnects automatically and repeats its registrations. A
/// worker serves until ``shutdown()`` is called or the process exits, whether or not there is a reference to it: ``active`` lists all
/// workers of the process that are not shut down. It does not keep the process alive. ``withWorker(_:options:isolation:_:)`` limits its
/// lifetime to a scope.
///
/// Module and class have the same name. If another module has a type `Trigger`, write `III::Trigger` (Swift 6.3 and later), or import the
/// single name: `import struct III.InitOptions`.
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
  /// The namespace of the worker; `nil` if it has none.
  let namespace: String?
  let host: LoopHost
  /// Ids and jitter, where the host has given a seed.
  private let randomness: SeededRandom?
  let gauge: SendGauge
  let log: @Sendable (LogLevel, String) -> Void
  let channels: ChannelAccess
  /// `nil` if the worker reports nothing.
  let telemetry: Telemetry?
  /// What decoders of payloads and results give to the types that they decode.
  let decoding: [CodingUserInfoKey: any Sendable]
  private let status: ConnectionStatus
  let connection: LoopBound<Connection>

  init(_ address: String, options: InitOptions, environment: Environment, host: LoopHost) throws {
    self.address = address
    self.host = host
    var settings = try ConnectionSettings(address, options, environment)
    let randomness = host.control?.randomness?()
    self.randomness = randomness
    if let randomness { settings.configuration.machine.random = { randomness.share() } }
    invocationTimeout = options.invocationTimeout
    maxMessageBytes = options.maxMessageBytes
    namespace = settings.namespace
    log = settings.configuration.log
    status = ConnectionStatus()
    gauge = SendGauge(limit: settings.configuration.machine.maxUnsentBytes)
    let channels = ChannelAccess(settings.configuration, on: host)
    self.channels = channels
    decoding = channels.decoding
    let newID: @Sendable () -> UUID128 = { randomness?.id() ?? .random() }
    telemetry = try Telemetry(
      options,
      TelemetrySettings(
        options, environment, workerName: settings.workerName, instanceID: UUID128.random().description), on: host,
      { try channels.telemetry(of: address, options, environment) }, newID: newID)
    connection = LoopBound(
      Connection(settings.configuration, on: host, status: status, gauge: gauge, telemetry: telemetry), on: host.loop)
  }

  /// The workers of this process that are not shut down, in the order in which they were created.
  ///
  /// A worker lives until ``shutdown()``, also without a reference to it: use this list to find it again.
  ///
  /// ```swift
  /// for worker in III.active { await worker.shutdown() }
  /// ```
  public static var active: [III] { ActiveWorkers.all }

  /// The id that the engine has assigned to the current connection; `nil` until the engine has sent it. Each connection has a new one.
  public var workerID: String? { status.workerID }

  /// The current state of the connection.
  public var connectionState: IIIConnectionState { status.state }

  /// The last refusal of this worker, or of one of its functions, by an engine of version 0.23 or later.
  ///
  /// A refused function (`FUNCTION_NAMESPACE_CONFLICT`) leaves the worker connected; any other code ends it, with the state
  /// ``IIIConnectionState/failed``.
  public var registrationRejection: RegistrationRejectedError? { status.rejection }

  /// The current state and all later ones. Each access returns a new stream, which ends after ``shutdown()``.
  ///
  /// ```swift
  /// for await state in iii.connectionStates { print("the engine is", state) }
  /// ```
  public var connectionStates: AsyncStream<IIIConnectionState> { status.observe(startingWithCurrent: true).0 }

  /// Calls `handler` with each later state, one after another, until the result's `cancel` is called or the worker is shut down.
  ///
  /// The handler does not run on a thread of the connection, so it may take time. No call of it begins after `cancel` has returned.
  @discardableResult
  public func addConnectionStateListener(_ handler: @escaping @Sendable (IIIConnectionState) -> Void) -> Cancellation {
    let (states, ending) = status.observe(startingWithCurrent: false)
    let listener = StateListener(handler)
    Task {
      for await state in states where !listener.call(state) { break }
      listener.cancel()
    }
    return Cancellation {
      ending.cancel()
      listener.cancel()
    }
  }

  /// Ends the worker: waiting calls fail with the code `SHUTDOWN`, the connection is closed, and new calls and registrations are refused.
  ///
  /// Messages that were handed over before are still sent. The tasks of running handlers are cancelled; the method does not wait for them,
  /// and their results are dropped. What was collected for ``InitOptions/otel`` is sent. It returns within 5 s, or
  /// ``OtelConfig/shutdownTimeout`` if that is longer, also if the engine does not answer. A second call waits for the first and has no other
  /// effect.
  public func shutdown() async {
    await withCheckedContinuation { continuation in beginShutdown { continuation.resume() } }
  }

  /// Begins to close the connection; calls `done` when it is closed.
  func beginShutdown(_ done: @escaping @Sendable () -> Void) {
    if status.beginShutdown() { ActiveWorkers.remove(status) }
    if !post({ $0.shutDown(done) }) { done() }
  }

  /// An id for a call or a registration.
  func newID() -> UUID128 { randomness?.id() ?? .random() }

  /// Whether `shutdown` was called.
  var isShutDown: Bool { status.isShutDown }

  /// Why the worker has failed; `nil` if it has not.
  var failure: (any Error)? { status.failure }

  /// Throws if functions and triggers are no longer accepted.
  func checkRegistrations(_ id: String) throws {
    guard status.acceptsRegistrations else { throw shutDownError(id) }
    if let failure { throw failure }
  }

  /// Runs `body` with the connection on its loop, in the order of the posts; returns `false` if the loop has ended.
  @discardableResult
  func post(_ body: @escaping @Sendable (Connection) -> Void) -> Bool {
    host.loop.post { [connection] in body(connection.value) }
  }

  /// As `post`, but on the calling thread if the loop waits for events: a message leaves at once. The caller holds no lock.
  @discardableResult
  func postOrRun(_ body: @escaping @Sendable (Connection) -> Void) -> Bool {
    host.loop.postOrRun { [connection] in body(connection.value) }
  }

  /// Begins to connect.
  func start() {
    ActiveWorkers.add(self, status)
    if !post({ $0.start() }) { ActiveWorkers.remove(status) }
  }

  /// Connects; if there is no connection in time, it throws and ends the worker.
  func connect(timeout: Duration) async throws {
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        beginConnecting(timeout) { continuation.resume(returning: $0) }
      }
    } onCancel: {
      beginShutdown {}
    }
    do {
      try Task.checkCancellation()
      try check(outcome, timeout)
    } catch {
      await shutdown()
      throw error
    }
  }

  /// Connects; calls `done` when the worker is connected, has failed, or the time has passed.
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

  /// Throws the error of an outcome.
  func check(_ outcome: Connection.ConnectOutcome, _ timeout: Duration) throws {
    switch outcome {
    case .connected: break
    case .failed(let error as IIIConnectionError): throw IIIConnectionError(address: address, reason: error.reason)
    case .failed(let error): throw error
    case .shutDown: throw IIIConnectionError(address: address, reason: "the worker was shut down")
    case .timedOut(let reason):
      throw IIIConnectionError(
        address: address, reason: reason ?? "no attempt has ended yet", within: timeout)
    }
  }

  /// Refuses new functions and triggers, and ends all of them at the engine.
  func retire() {
    status.retire()
    post { $0.retire() }
  }
}

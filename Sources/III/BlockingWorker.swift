internal import UV

/// A worker for programs without tasks: it has the calls of ``III`` without `await`, and they block the thread.
///
/// ``registerBlockingWorker(_:options:)`` creates one; ``III/blocking`` returns one for any worker, for example for a handler that is not
/// `async`. Both use the same worker, which is ``worker``.
///
/// ```swift
/// let worker = try registerBlockingWorker()
/// defer { worker.shutdown() }
/// try worker.registerFunction("hello::greet") { (name: String) in "Hello, \(name)!" }
/// let greeting: String = try worker.trigger("hello::greet", payload: "world")
/// ```
///
/// Inside a task, whose thread must not block, the calls that wait throw ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` at once:
/// use ``worker`` and `await` there. One `await` in the top-level code of a `main.swift` runs all of that code in a task.
public struct BlockingWorker: WorkerRegistrations {
  /// The same worker, with async calls.
  public let worker: III

  /// The engine's address, as it was given.
  public var address: String { worker.address }

  /// The id that the engine has assigned to the current connection; `nil` until the engine has sent it.
  public var workerID: String? { worker.workerID }

  /// The current state of the connection.
  public var connectionState: IIIConnectionState { worker.connectionState }

  /// Serves calls, and blocks the thread, until the worker is shut down or the process ends.
  ///
  /// Call it in the last line of a program that only offers functions: a worker alone does not keep the process alive.
  ///
  /// - Throws: ``IIIConnectionError`` if the worker has failed because all retries are used up, or the ``RegistrationRejectedError`` with
  ///   which an engine has refused it; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` or `BLOCKING_ON_LOOP`.
  public func run() throws {
    try BlockingCall.check("run")
    try BlockingCall.value { done in
      Task { [worker] in
        do {
          try await worker.run()
          done(Result<Void, any Error>.success(()))
        } catch {
          done(.failure(error))
        }
      }
    }.get()
  }

  /// Shuts the worker down as ``III/shutdown()`` does, and blocks the thread until its connection is closed: within 5 s.
  ///
  /// It does not throw, so that `defer { worker.shutdown() }` is possible. Inside a task, and on the thread that serves connections, it
  /// starts the shutdown, does not wait, and logs an error: use `await worker.worker.shutdown()` there.
  public func shutdown() {
    do throws(IIIInvocationError) {
      try BlockingCall.check("shutdown")
    } catch {
      worker.log(.error, "\(error.message). The worker is being shut down; `shutdown` returned before its end")
      worker.beginShutdown {}
      return
    }
    BlockingCall.value { done in worker.beginShutdown { done(()) } }
  }

  // MARK: Internals

  func call<Payload: Encodable & Sendable, Output: Decodable>(
    _ functionID: String, _ payload: Payload, _ options: CallOptions, enqueue action: TriggerActionEnqueue? = nil
  ) throws -> Output {
    try BlockingCall.check("trigger", functionID: functionID)
    let message = try worker.message(functionID, payload, action.map(TriggerAction.enqueue), options)
    return try worker.decode(result(of: message, timeout: options.timeout), of: functionID)
  }

  func call<Payload: Encodable & Sendable>(
    _ functionID: String, _ payload: Payload, action: TriggerAction?, _ options: CallOptions
  ) throws -> JSONValue {
    if case .void(let void) = action {
      try send(functionID, payload, void, options)
      return .null
    }
    try BlockingCall.check("trigger", functionID: functionID)
    let message = try worker.message(functionID, payload, action, options)
    return try worker.decode(result(of: message, timeout: options.timeout), of: functionID)
  }

  func send<Payload: Encodable & Sendable>(
    _ functionID: String, _ payload: Payload, _ action: TriggerActionVoid, _ options: CallOptions
  ) throws {
    try BlockingCall.check("trigger", functionID: functionID)
    let message = try worker.message(functionID, payload, .void(action), options)
    guard let call = try worker.handOverAtOnce(message, timeout: options.timeout) else { return }
    _ = try BlockingCall.value { worker.post(call, $0) }.get()
  }

  private func result(of message: InvokeFunctionMessage, timeout: Duration?) throws -> [UInt8] {
    let call = try worker.prepare(message, hasResult: true, timeout: timeout)
    return try BlockingCall.value { worker.post(call, $0) }.get()
  }
}

extension III {
  /// The same worker for code that is not `async`, such as a handler that may block.
  ///
  /// ```swift
  /// try iii.registerFunction("shop::bill") { (orders: [Order]) throws -> Int in
  ///   try orders.reduce(0) { try $0 + iii.blocking.trigger("shop::price", payload: $1) }
  /// }
  /// ```
  public var blocking: BlockingWorker { BlockingWorker(worker: self) }
}

/// Connects to an engine as a new worker; blocks the thread until it is connected, for at most ``InitOptions/connectTimeout``.
///
/// ```swift
/// let worker = try registerBlockingWorker("ws://127.0.0.1:49134")
/// defer { worker.shutdown() }
/// let greeting: String = try worker.trigger("hello::greet", payload: "world")
/// ```
///
/// - Parameters:
///   - address: As for ``registerWorker(_:options:)``.
///   - options: The worker's name and the settings of its connection.
/// - Throws: As ``registerWorker(_:options:)``; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` inside a task and `BLOCKING_ON_LOOP`
///   on the thread that serves connections: there, use the async form.
public func registerBlockingWorker(
  _ address: String? = nil, options: InitOptions = InitOptions()
) throws -> BlockingWorker {
  try BlockingCall.check("registerBlockingWorker", instead: "registerWorker")
  let worker = try makeWorker(address, options: options, environment: .current, host: nil)
  switch options.connection {
  case .awaited:
    do {
      try worker.check(
        BlockingCall.value { worker.beginConnecting(options.connectTimeout, $0) }, options.connectTimeout)
    } catch {
      BlockingCall.value { done in worker.beginShutdown { done(()) } }
      throw error
    }
  case .inBackground: worker.start()
  }
  return worker.blocking
}

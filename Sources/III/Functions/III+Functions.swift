/// The forms of `registerFunction` whose result is a JSON literal.
///
/// They are declared in a protocol of their own so that the compiler prefers a form of ``WorkerRegistrations`` where both match.
public protocol JSONHandlers: Sendable {
  /// The worker that functions and triggers are registered on.
  var worker: III { get }
}

/// The common part of ``III`` and ``BlockingWorker``: functions, triggers and trigger types are registered without waiting.
public protocol WorkerRegistrations: JSONHandlers {}

extension III: WorkerRegistrations {
  /// The worker itself.
  public var worker: III { self }
}

/// How many invocations of one function run at the same time.
public enum FunctionConcurrency: Sendable, Hashable {
  /// No limit and no order; the default. Handlers that may block are limited to 64 at once for each worker.
  case unlimited
  /// One after another, in the order of arrival. A handler must not call its own function and wait for the result.
  case serial
  /// At most this many at once, started in the order of arrival; less than 1 counts as 1.
  case max(Int)

  /// `nil` for no limit.
  var limit: Int? {
    switch self {
    case .unlimited: nil
    case .serial: 1
    case .max(let limit): Swift.max(1, limit)
    }
  }
}

extension WorkerRegistrations {
  /// Registers a function that other workers may call by its id.
  ///
  /// The payload is decoded into `Input`, the result is encoded as JSON. ``InvocationContext/current`` describes the invocation. Without a
  /// connection the registration is stored; it is sent again on each new connection.
  ///
  /// Handlers run several at a time, without an order, unless `concurrency` says otherwise. An `async` handler runs in its own task. A
  /// handler that is not `async` may block: it runs on a thread outside Swift's tasks, up to 64 of them at once, and calls other functions
  /// through ``III/blocking``. A handler that waits in such a call is not counted.
  ///
  /// The error that the caller receives if something fails:
  ///
  /// | in the handler | the caller's error |
  /// |---|---|
  /// | the payload cannot be decoded | `invocation_failed`, `invalid payload: <path>: <reason>` |
  /// | throws an ``IIIInvocationError`` that it created | its code, message and stack trace |
  /// | a call that it made fails with a code of the called function | that code, the message prefixed with the called function's id |
  /// | a call that it made fails with a code of client or engine (`TIMEOUT`, `function_not_found` …) | `invocation_failed`, `in a call of '<id>': <code>: <message>` |
  /// | throws anything else | `invocation_failed`, the error's text |
  /// | the result cannot be encoded | `invocation_failed` |
  ///
  /// ```swift
  /// struct Order: Codable, Sendable { var item: String; var count: Int }
  /// struct Receipt: Codable, Sendable { var total: Int }
  ///
  /// try iii.registerFunction("orders::price") { (order: Order) async throws -> Receipt in
  ///   Receipt(total: try await price(of: order.item) * order.count)
  /// }
  /// ```
  ///
  /// A result that is not `Encodable`, such as a tuple or a dictionary of variables of several types, makes the compiler choose the form
  /// without a result and warn that the value is unused: the caller receives `null`. Write the result's type then: `-> JSONValue in`, with
  /// `.init(…)` around each variable.
  ///
  /// - Parameters:
  ///   - functionID: The id, such as `orders::price`; any text that is not blank.
  ///   - description: A sentence for the engine's lists.
  ///   - metadata: Shown by the engine's lists.
  ///   - requestFormat: The schema of the payload, for the engine's lists.
  ///   - responseFormat: The schema of the result, for the engine's lists.
  ///   - concurrency: How many invocations run at once; ``FunctionConcurrency/serial`` keeps the order of arrival.
  ///   - handler: Runs for each invocation.
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker already has a function with this id; ``IIIInvocationError`` with
  ///   the code `SHUTDOWN` after ``III/shutdown()``.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Input) async throws -> Output
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(Output.self), concurrency,
      Handler.task(handler))
  }

  /// Registers a function whose handler may block: it runs on a thread of its own.
  ///
  /// ```swift
  /// try iii.registerFunction("files::size") { (path: String) throws -> Int in try sizeOfFile(at: path) }
  /// ```
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Input) throws -> Output
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(Output.self), concurrency,
      Handler.thread(handler))
  }

  /// Registers a function without a result: its caller receives `null` when the handler has ended.
  ///
  /// ```swift
  /// try iii.registerFunction("mail::send") { (mail: Mail) async throws in try await send(mail) }
  /// ```
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Input) async throws -> Void
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(Void.self), concurrency,
      Handler.task(handler))
  }

  /// Registers a function without a result whose handler may block.
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Input) throws -> Void
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(Void.self), concurrency,
      Handler.thread(handler))
  }

  /// Registers a function without input: the payload is ignored.
  ///
  /// ```swift
  /// try iii.registerFunction("clock::now") { () async in Date.now.timeIntervalSince1970 }
  /// ```
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction<Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable () async throws -> Output
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(JSONValue.self), responseFormat.of(Output.self), concurrency,
      Handler.task(handler))
  }

  /// Registers a function without input whose handler may block.
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction<Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable () throws -> Output
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(JSONValue.self), responseFormat.of(Output.self), concurrency,
      Handler.thread(handler))
  }

  /// Registers a function without input and result.
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable () async throws -> Void
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(JSONValue.self), responseFormat.of(Void.self), concurrency,
      Handler.task(handler))
  }

  /// Registers a function without input and result whose handler may block.
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable () throws -> Void
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(JSONValue.self), responseFormat.of(Void.self), concurrency,
      Handler.thread(handler))
  }
}

extension JSONHandlers {
  /// Registers a function whose result is written as a JSON literal.
  ///
  /// ```swift
  /// try iii.registerFunction("health::check") { (_: JSONValue) async in ["ok": true, "workers": 3] }
  /// ```
  ///
  /// If some of the values are variables, the closure needs the result's type, `-> JSONValue in`, and `.init(…)` around the variables.
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Input) async throws -> JSONValue
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(JSONValue.self), concurrency,
      Handler.task(handler))
  }

  /// Registers a function whose result is written as a JSON literal, with a handler that may block.
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Input) throws -> JSONValue
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(JSONValue.self), concurrency,
      Handler.thread(handler))
  }

  /// Registers a function whose result is written as a JSON literal, without input.
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable () async throws -> JSONValue
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(JSONValue.self), responseFormat.of(JSONValue.self),
      concurrency, Handler.task(handler))
  }

  /// Registers a function whose result is written as a JSON literal, without input and with a handler that may block.
  ///
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: As the first form.
  @discardableResult
  public func registerFunction(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable () throws -> JSONValue
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat.of(JSONValue.self), responseFormat.of(JSONValue.self),
      concurrency, Handler.thread(handler))
  }
}

extension III {
  /// Registers a function whose handler takes and returns JSON.
  func register(
    _ id: String, _ description: String?, _ metadata: JSONValue?, _ requestFormat: FormatSource,
    _ responseFormat: FormatSource, _ concurrency: FunctionConcurrency, _ body: RegisteredFunction.Body,
    invocation: [UInt8]? = nil
  ) throws -> FunctionRef {
    try checkRegistrations(id)
    let registration = RegisterFunctionMessage(
      id: id, description: description, requestFormat: try requestFormat.json(),
      responseFormat: try responseFormat.json(), metadata: try metadata.map { try PayloadCoder.encode($0) },
      invocation: invocation)
    let function = RegisteredFunction(registration, body, concurrency)
    try functions.add(function) { post { $0.register(function) } }
    return FunctionRef(function, of: self)
  }

  func unregister(_ function: RegisteredFunction) {
    functions.remove(function) { post { $0.unregister(function.id) } }
  }
}

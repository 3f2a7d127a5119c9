extension III {
  /// Calls a function, with everything that can be said about a call; blocks the thread meanwhile.
  ///
  /// For programs without tasks and for blocking handlers. Nothing but the time-out ends the wait before the result comes.
  ///
  /// ```swift
  /// let value = try iii.trigger(TriggerRequest(functionID: "orders::price", payload: ["item": "pear", "count": 3]))
  /// ```
  ///
  /// - Returns: The result. With ``TriggerAction/enqueue(queue:)`` the engine's receipt, with ``TriggerAction/void()`` `null` at once.
  /// - Throws: As the async form; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` at once when a task runs on this thread, and
  ///   `BLOCKING_ON_LOOP` on a thread that serves connections: there, use the async form.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  @discardableResult
  public func trigger(_ request: TriggerRequest) throws -> JSONValue {
    try BlockingCall.check("trigger", functionID: request.functionID)
    let message = try message(request)
    if case .void = request.action {
      try blockingHandOver(message, timeout: request.timeout)
      return .null
    }
    return try decode(blockingResult(of: message, timeout: request.timeout), of: message)
  }

  /// Calls a function and blocks the thread until its result is there.
  ///
  /// ```swift
  /// let receipt: Receipt = try iii.trigger("orders::price", payload: Order(item: "pear", count: 3))
  /// ```
  ///
  /// - Parameters:
  ///   - functionID: The function's id.
  ///   - payload: What it gets, encoded as JSON.
  ///   - output: What its result is decoded into; a function without one gives `null`, which an optional type takes.
  ///   - timeout: How long to wait, counted from now, also while there is no connection; ``InitOptions/invocationTimeout`` by default.
  ///   - metadata: What travels beside the payload; engines before 0.21 drop it.
  ///   - namespace: The function's namespace; the worker's own by default.
  /// - Throws: As the async form; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` or `BLOCKING_ON_LOOP` where a thread must not
  ///   block.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  public func trigger<Payload: Encodable & Sendable, Output: Decodable & Sendable>(
    _ functionID: String, payload: Payload, as output: Output.Type = Output.self, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) throws -> Output {
    try BlockingCall.check("trigger", functionID: functionID)
    let message = try message(
      functionID, data: try PayloadCoder.encode(payload), metadata: metadata, namespace: namespace)
    return try decode(blockingResult(of: message, timeout: timeout), of: message)
  }

  /// Calls a function without a payload, which gets `null`, and blocks the thread until its result is there.
  ///
  /// - Throws: As the form with a payload.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  public func trigger<Output: Decodable & Sendable>(
    _ functionID: String, as output: Output.Type = Output.self, timeout: Duration? = nil, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) throws -> Output {
    try trigger(
      functionID, payload: JSONValue.null, as: output, timeout: timeout, metadata: metadata, namespace: namespace)
  }

  /// Calls a function and blocks the thread until its result is there, whatever its shape; may be left unused.
  ///
  /// - Throws: As the form with a type of result.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  @_disfavoredOverload
  @discardableResult
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, timeout: Duration? = nil, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) throws -> JSONValue {
    try trigger(
      functionID, payload: payload, as: JSONValue.self, timeout: timeout, metadata: metadata, namespace: namespace)
  }

  /// Calls a function without a payload, which gets `null`, and blocks the thread until its result is there, whatever its shape; may
  /// be left unused.
  ///
  /// - Throws: As the form with a type of result.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  @_disfavoredOverload
  @discardableResult
  public func trigger(
    _ functionID: String, timeout: Duration? = nil, metadata: JSONValue? = nil, namespace: String? = nil
  ) throws -> JSONValue {
    try trigger(
      functionID, payload: JSONValue.null, as: JSONValue.self, timeout: timeout, metadata: metadata,
      namespace: namespace)
  }

  /// Has the engine put a call into a queue, from which it is delivered later; blocks the thread until the receipt is there.
  ///
  /// ```swift
  /// let receipt = try iii.trigger("orders::ship", payload: order, action: .enqueue(queue: "shipping"))
  /// ```
  ///
  /// - Throws: As the async form; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` or `BLOCKING_ON_LOOP` where a thread must not
  ///   block.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, action: TriggerActionEnqueue, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) throws -> EnqueueResult {
    try BlockingCall.check("trigger", functionID: functionID)
    let message = try message(
      functionID, data: try PayloadCoder.encode(payload), action: .enqueue(action), metadata: metadata,
      namespace: namespace)
    return try decode(blockingResult(of: message, timeout: timeout), of: message)
  }

  /// Calls a function and waits for nothing: neither its result nor its failure is told.
  ///
  /// ```swift
  /// try iii.trigger("audit::note", payload: event, action: .void())
  /// ```
  ///
  /// - Throws: As the async form; ``IIIInvocationError`` with the code `BLOCKING_IN_TASK` or `BLOCKING_ON_LOOP` where the async form is
  ///   to be used, as for calls that wait.
  @available(
    *, noasync,
    message:
      "it blocks the thread: call the async form in an async function; top-level code of main.swift finds this one"
  )
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, action: TriggerActionVoid, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) throws {
    try BlockingCall.check("trigger", functionID: functionID)
    try blockingHandOver(
      try message(
        functionID, data: try PayloadCoder.encode(payload), action: .void(action), metadata: metadata,
        namespace: namespace), timeout: timeout)
  }

  private func blockingResult(of message: InvokeFunctionMessage, timeout: Duration?) throws -> [UInt8] {
    let call = try prepare(message, hasResult: true, timeout: timeout)
    return try BlockingCall.value { call.post($0) }.get()
  }

  private func blockingHandOver(_ message: InvokeFunctionMessage, timeout: Duration?) throws {
    guard let call = try handOverAtOnce(message, timeout: timeout) else { return }
    _ = try BlockingCall.value { call.post($0) }.get()
  }
}

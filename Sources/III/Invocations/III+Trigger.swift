extension III {
  /// Calls a function, with everything that can be said about a call.
  ///
  /// Mirrors `trigger` of the Python SDK.
  ///
  /// ```swift
  /// let value = try await iii.trigger(TriggerRequest(functionID: "orders::price", payload: ["item": "pear", "count": 3]))
  /// ```
  ///
  /// - Returns: The result. With ``TriggerAction/enqueue(queue:)`` the engine's receipt, with ``TriggerAction/void()`` `null` at once.
  /// - Throws: ``IIIInvocationError`` with the callee's or the engine's code, or one of the client's own: `TIMEOUT`
  ///   (``IIITimeoutError``), `CONNECTION_LOST` (the connection ended before the result came; the function may have run), `QUEUE_OVERFLOW`
  ///   (too many calls waited for a connection), `CONNECTION_FAILED` (given up for good), `payload_too_large`, `SHUTDOWN`.
  ///   ``IIIRegistrationError`` if the namespace is blank. `CancellationError` if the calling task is cancelled: the function runs on.
  @discardableResult
  public func trigger(_ request: TriggerRequest) async throws -> JSONValue {
    let message = try message(request)
    if case .void = request.action {
      try await handOver(message, timeout: request.timeout)
      return .null
    }
    return try decode(await result(of: message, timeout: request.timeout), of: message)
  }

  /// Calls a function and waits for its result.
  ///
  /// ```swift
  /// let receipt: Receipt = try await iii.trigger("orders::price", payload: Order(item: "pear", count: 3))
  /// ```
  ///
  /// - Parameters:
  ///   - functionID: The function's id.
  ///   - payload: What it gets, encoded as JSON.
  ///   - output: What its result is decoded into; a function without one gives `null`, which an optional type takes.
  ///   - timeout: How long to wait, counted from now, also while there is no connection; ``InitOptions/invocationTimeout`` by default.
  ///   - metadata: What travels beside the payload; engines before 0.21 drop it.
  ///   - namespace: The function's namespace; the worker's own by default.
  /// - Throws: As ``trigger(_:)``; `EncodingError` or `DecodingError` where payload or result do not fit their types.
  public func trigger<Payload: Encodable & Sendable, Output: Decodable & Sendable>(
    _ functionID: String, payload: Payload, as output: Output.Type = Output.self, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> Output {
    let message = try message(
      functionID, data: try PayloadCoder.encode(payload), metadata: metadata, namespace: namespace)
    return try decode(await result(of: message, timeout: timeout), of: message)
  }

  /// Calls a function without a payload, which gets `null`, and waits for its result.
  ///
  /// - Throws: As ``trigger(_:)``; `DecodingError` where the result does not fit its type.
  public func trigger<Output: Decodable & Sendable>(
    _ functionID: String, as output: Output.Type = Output.self, timeout: Duration? = nil, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) async throws -> Output {
    try await trigger(
      functionID, payload: JSONValue.null, as: output, timeout: timeout, metadata: metadata, namespace: namespace)
  }

  /// Calls a function and waits for its result, whatever its shape; may be left unused.
  ///
  /// ```swift
  /// try await iii.trigger("orders::cancel", payload: ["item": "pear"])
  /// ```
  ///
  /// - Throws: As ``trigger(_:)``; `EncodingError` where the payload cannot be encoded.
  @_disfavoredOverload
  @discardableResult
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, timeout: Duration? = nil, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) async throws -> JSONValue {
    try await trigger(
      functionID, payload: payload, as: JSONValue.self, timeout: timeout, metadata: metadata, namespace: namespace)
  }

  /// Calls a function without a payload, which gets `null`, and waits for its result, whatever its shape; may be left unused.
  ///
  /// - Throws: As ``trigger(_:)``.
  @_disfavoredOverload
  @discardableResult
  public func trigger(
    _ functionID: String, timeout: Duration? = nil, metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> JSONValue {
    try await trigger(
      functionID, payload: JSONValue.null, as: JSONValue.self, timeout: timeout, metadata: metadata,
      namespace: namespace)
  }

  /// Has the engine put a call into a queue, from which it is delivered later; waits for the receipt only.
  ///
  /// ```swift
  /// let receipt = try await iii.trigger("orders::ship", payload: order, action: .enqueue(queue: "shipping"))
  /// ```
  ///
  /// - Throws: As ``trigger(_:)``; `EncodingError` where the payload cannot be encoded.
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, action: TriggerActionEnqueue, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> EnqueueResult {
    let message = try message(
      functionID, data: try PayloadCoder.encode(payload), action: .enqueue(action), metadata: metadata,
      namespace: namespace)
    return try decode(await result(of: message, timeout: timeout), of: message)
  }

  /// Calls a function and does not wait for it: neither its result nor its failure is reported. Returns when the call is handed over to
  /// the connection, or to the queue of calls that wait for one. While more than 16 MiB wait to be sent it waits for its turn, at most
  /// `timeout`, by default ``InitOptions/invocationTimeout``; a call that was not handed over is not sent.
  ///
  /// ```swift
  /// try await iii.trigger("audit::note", payload: event, action: .void())
  /// ```
  ///
  /// - Throws: ``IIIInvocationError`` with the code `payload_too_large`, `TIMEOUT`, `CONNECTION_FAILED` or `SHUTDOWN`;
  ///   ``IIIRegistrationError`` if the namespace is blank; `EncodingError` where the payload cannot be encoded; `CancellationError` if the
  ///   calling task is cancelled.
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, action: TriggerActionVoid, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws {
    try await handOver(
      try message(
        functionID, data: try PayloadCoder.encode(payload), action: .void(action), metadata: metadata,
        namespace: namespace), timeout: timeout)
  }

  // MARK: Internals

  func message(_ request: TriggerRequest) throws -> InvokeFunctionMessage {
    try message(
      request.functionID, data: try PayloadCoder.encode(request.payload), action: request.action,
      metadata: request.metadata, namespace: request.namespace)
  }

  /// A call, as part of the trace of the invocation that the caller serves, if it does.
  func message(
    _ functionID: String, data: [UInt8], action: TriggerAction? = nil, metadata: JSONValue?, namespace: String?
  ) throws -> InvokeFunctionMessage {
    let context = InvocationContext.current
    return InvokeFunctionMessage(
      functionID: functionID, data: data, action: action, metadata: try metadata.map { try PayloadCoder.encode($0) },
      namespace: try Namespace.target(functionID: functionID, chosen: namespace, worker: self.namespace),
      traceparent: context?.traceparent, baggage: context?.baggage)
  }

  /// Decodes the result of a call; the error of one that does not fit says whose it was.
  func decode<Output: Decodable>(_ result: [UInt8], of message: InvokeFunctionMessage) throws -> Output {
    do {
      return try PayloadCoder.decode(Output.self, from: result)
    } catch let error as DecodingError {
      throw error.prefixed("the result of '\(message.functionID)' is no \(Output.self): ")
    }
  }
}

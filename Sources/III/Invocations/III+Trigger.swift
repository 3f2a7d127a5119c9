extension III {
  /// Calls a function; the request contains all options of the call.
  ///
  /// Mirrors `trigger` of the Python SDK.
  ///
  /// ```swift
  /// let value = try await iii.trigger(TriggerRequest(functionID: "orders::price", payload: ["item": "pear", "count": 3]))
  /// ```
  ///
  /// - Returns: The result. For ``TriggerAction/enqueue(queue:)`` the engine's receipt, for ``TriggerAction/void()`` `null`.
  /// - Throws: ``IIIInvocationError`` with the code of the callee or the engine, or one of the client's own (``IIIErrorCode`` lists them):
  ///   `TIMEOUT` (``IIITimeoutError``), `CONNECTION_LOST` (the connection ended before the result came; the function may have run),
  ///   `QUEUE_OVERFLOW` (too many calls waited for a connection), `CONNECTION_FAILED` (the worker has given up connecting),
  ///   `payload_too_large`, `SHUTDOWN`. ``IIIRegistrationError`` if the namespace is blank. `CancellationError` if the calling task is
  ///   cancelled: a function that runs already continues.
  @discardableResult
  public func trigger(_ request: TriggerRequest) async throws -> JSONValue {
    try await call(
      request.functionID, request.payload, action: request.action,
      CallOptions(request.timeout, request.metadata, request.namespace))
  }

  /// Calls a function and waits for its result.
  ///
  /// ```swift
  /// let receipt: Receipt = try await iii.trigger("orders::price", payload: Order(item: "pear", count: 3))
  /// ```
  ///
  /// - Parameters:
  ///   - functionID: The function's id.
  ///   - payload: Encoded as JSON and passed to the function.
  ///   - output: The type that the result is decoded into. A function without a result returns `null`, which an optional type accepts.
  ///   - timeout: How long to wait, measured from now, also while there is no connection; ``InitOptions/invocationTimeout`` by default.
  ///   - metadata: Sent with the call, in addition to the payload; engines before 0.21 drop it.
  ///   - namespace: The function's namespace; the worker's own by default.
  /// - Throws: As ``trigger(_:)``; `EncodingError` or `DecodingError` if the payload or the result cannot be converted.
  @_disfavoredOverload
  public func trigger<Payload: Encodable & Sendable, Output: Decodable & Sendable>(
    _ functionID: String, payload: Payload, as output: Output.Type = Output.self, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> Output {
    try await call(functionID, payload, CallOptions(timeout, metadata, namespace))
  }

  /// Calls a function and waits for its result; the payload is a JSON literal.
  ///
  /// ```swift
  /// let price: Int = try await iii.trigger("orders::price", payload: ["item": .init(name), "count": 3, "tags": [nil, true]])
  /// ```
  ///
  /// If the literal's values have several types, a value that is not a literal is wrapped in `.init(…)`.
  ///
  /// - Throws: As ``trigger(_:)``; `DecodingError` if the result cannot be converted.
  public func trigger<Output: Decodable & Sendable>(
    _ functionID: String, payload: JSONValue, as output: Output.Type = Output.self, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> Output {
    try await call(functionID, payload, CallOptions(timeout, metadata, namespace))
  }

  /// Calls a function and waits for its result, as JSON; the result may be ignored.
  ///
  /// - Throws: As ``trigger(_:)``; `EncodingError` if the payload cannot be encoded.
  @_disfavoredOverload
  @discardableResult
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, timeout: Duration? = nil, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) async throws -> JSONValue {
    try await call(functionID, payload, CallOptions(timeout, metadata, namespace))
  }

  /// Calls a function and waits for its result, as JSON; the result may be ignored. The payload is a JSON literal.
  ///
  /// ```swift
  /// try await iii.trigger("orders::cancel", payload: ["item": "pear", "count": 3])
  /// ```
  ///
  /// - Throws: As ``trigger(_:)``.
  @discardableResult
  public func trigger(
    _ functionID: String, payload: JSONValue, timeout: Duration? = nil, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) async throws -> JSONValue {
    try await call(functionID, payload, CallOptions(timeout, metadata, namespace))
  }

  /// Calls a function without a payload (it receives `null`) and waits for its result.
  ///
  /// - Throws: As ``trigger(_:)``; `DecodingError` if the result cannot be converted.
  public func trigger<Output: Decodable & Sendable>(
    _ functionID: String, as output: Output.Type = Output.self, timeout: Duration? = nil, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) async throws -> Output {
    try await call(functionID, JSONValue.null, CallOptions(timeout, metadata, namespace))
  }

  /// Calls a function without a payload (it receives `null`) and waits for its result, as JSON; the result may be ignored.
  ///
  /// - Throws: As ``trigger(_:)``.
  @discardableResult
  public func trigger(
    _ functionID: String, timeout: Duration? = nil, metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> JSONValue {
    try await call(functionID, JSONValue.null, CallOptions(timeout, metadata, namespace))
  }

  /// Puts a call into a queue of the engine, which delivers it later; waits for the receipt only.
  ///
  /// ```swift
  /// let receipt = try await iii.trigger("orders::ship", payload: order, action: .enqueue(queue: "shipping"))
  /// ```
  ///
  /// - Throws: As ``trigger(_:)``; `EncodingError` if the payload cannot be encoded.
  @_disfavoredOverload
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, action: TriggerActionEnqueue, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> EnqueueResult {
    try await call(functionID, payload, CallOptions(timeout, metadata, namespace), enqueue: action)
  }

  /// Puts a call into a queue of the engine, which delivers it later; waits for the receipt only. The payload is a JSON literal.
  ///
  /// - Throws: As ``trigger(_:)``.
  public func trigger(
    _ functionID: String, payload: JSONValue = .null, action: TriggerActionEnqueue, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> EnqueueResult {
    try await call(functionID, payload, CallOptions(timeout, metadata, namespace), enqueue: action)
  }

  /// Calls a function and does not wait: neither its result nor its failure is reported.
  ///
  /// Returns when the call is handed to the connection, or to the queue of calls that wait for one. While more than 16 MiB wait to be sent,
  /// it waits for at most `timeout` (by default ``InitOptions/invocationTimeout``); if that passes, the call is not sent.
  ///
  /// ```swift
  /// try await iii.trigger("audit::note", payload: event, action: .void())
  /// ```
  ///
  /// - Throws: ``IIIInvocationError`` with the code `payload_too_large`, `TIMEOUT`, `CONNECTION_FAILED` or `SHUTDOWN`;
  ///   ``IIIRegistrationError`` if the namespace is blank; `EncodingError` if the payload cannot be encoded; `CancellationError` if the
  ///   calling task is cancelled.
  @_disfavoredOverload
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, action: TriggerActionVoid, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws {
    try await send(functionID, payload, action, CallOptions(timeout, metadata, namespace))
  }

  /// Calls a function and does not wait; the payload is a JSON literal or is omitted.
  ///
  /// - Throws: As the form with a payload of any type.
  public func trigger(
    _ functionID: String, payload: JSONValue = .null, action: TriggerActionVoid, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws {
    try await send(functionID, payload, action, CallOptions(timeout, metadata, namespace))
  }

  /// Calls a function with an action that may be a variable; `nil` waits for the result.
  ///
  /// ```swift
  /// let action: TriggerAction? = isUrgent ? nil : .enqueue(queue: "shipping")
  /// try await iii.trigger("orders::ship", payload: order, action: action)
  /// ```
  ///
  /// - Returns: As ``trigger(_:)``.
  /// - Throws: As ``trigger(_:)``; `EncodingError` if the payload cannot be encoded.
  @_disfavoredOverload
  @discardableResult
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, action: TriggerAction?, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> JSONValue {
    try await call(functionID, payload, action: action, CallOptions(timeout, metadata, namespace))
  }

  /// Calls a function with an action that may be a variable; the payload is a JSON literal or is omitted.
  ///
  /// - Returns: As ``trigger(_:)``.
  /// - Throws: As ``trigger(_:)``.
  @_disfavoredOverload
  @discardableResult
  public func trigger(
    _ functionID: String, payload: JSONValue = .null, action: TriggerAction?, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> JSONValue {
    try await call(functionID, payload, action: action, CallOptions(timeout, metadata, namespace))
  }

  // MARK: Payloads of variables of several types

  /// Unavailable; its message says what to write instead.
  @available(
    *, unavailable,
    message:
      "values of several types: wrap each variable, payload: [\"count\": .init(count), \"name\": .init(name)], or use a Codable struct"
  )
  @discardableResult
  public func trigger(
    _ functionID: String, payload: [String: Any], timeout: Duration? = nil, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) async throws -> JSONValue {
    try await call(functionID, JSONValue.null, CallOptions(timeout, metadata, namespace))
  }

  /// Unavailable; its message says what to write instead.
  @available(
    *, unavailable,
    message:
      "values of several types: wrap each variable, payload: [\"count\": .init(count), \"name\": .init(name)], or use a Codable struct"
  )
  public func trigger<Output: Decodable & Sendable>(
    _ functionID: String, payload: [String: Any], as output: Output.Type = Output.self, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> Output {
    try await call(functionID, JSONValue.null, CallOptions(timeout, metadata, namespace))
  }

  /// Unavailable; its message says what to write instead.
  @available(
    *, unavailable,
    message: "values of several types: wrap each variable, payload: [.init(count), .init(name)]"
  )
  @discardableResult
  public func trigger(
    _ functionID: String, payload: [Any], timeout: Duration? = nil, metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> JSONValue {
    try await call(functionID, JSONValue.null, CallOptions(timeout, metadata, namespace))
  }

  /// Unavailable; its message says what to write instead.
  @available(
    *, unavailable,
    message: "values of several types: wrap each variable, payload: [.init(count), .init(name)]"
  )
  public func trigger<Output: Decodable & Sendable>(
    _ functionID: String, payload: [Any], as output: Output.Type = Output.self, timeout: Duration? = nil,
    metadata: JSONValue? = nil, namespace: String? = nil
  ) async throws -> Output {
    try await call(functionID, JSONValue.null, CallOptions(timeout, metadata, namespace))
  }
}

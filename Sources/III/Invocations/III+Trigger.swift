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
      try await send(message)
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

  /// Calls a function and waits for nothing: neither its result nor its failure is told. Returns when the call is handed over to
  /// the connection, or to the queue of those that wait for one. While more than 4 MiB wait to be sent, it waits until they are.
  ///
  /// ```swift
  /// try await iii.trigger("audit::note", payload: event, action: .void())
  /// ```
  ///
  /// - Throws: ``IIIInvocationError`` with the code `payload_too_large` or `SHUTDOWN`; ``IIIRegistrationError`` if the namespace is
  ///   blank; `EncodingError` where the payload cannot be encoded.
  public func trigger<Payload: Encodable & Sendable>(
    _ functionID: String, payload: Payload, action: TriggerActionVoid, metadata: JSONValue? = nil,
    namespace: String? = nil
  ) async throws {
    try await send(
      try message(
        functionID, data: try PayloadCoder.encode(payload), action: .void(action), metadata: metadata,
        namespace: namespace))
  }

  // MARK: Beneath

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

  private func frame(_ message: InvokeFunctionMessage) throws -> [UInt8] {
    guard !isShutDown else { throw shutDownError(message.functionID) }
    do {
      return try message.frame(limit: maxMessageBytes)
    } catch {
      throw IIIInvocationError(code: MessageTooLarge.code, message: error.message, functionID: message.functionID)
    }
  }

  func shutDownError(_ functionID: String) -> IIIInvocationError {
    IIIInvocationError(code: "SHUTDOWN", message: ConnectionMachine.shutDownMessage, functionID: functionID)
  }

  /// Hands over a call that nobody waits for.
  func post(_ message: InvokeFunctionMessage) throws {
    let frame = try frame(message)
    gauge.add(frame.count)
    guard post({ $0.callWithoutResult(frame: frame) }) else { throw shutDownError(message.functionID) }
  }

  private func send(_ message: InvokeFunctionMessage) async throws {
    try post(message)
    guard gauge.isFull else { return }
    await withCheckedContinuation { continuation in waitForRoom { continuation.resume() } }
  }

  /// Calls `done` when the engine has taken what it was sent before.
  func waitForRoom(_ done: @escaping @Sendable () -> Void) {
    if !post({ $0.waitForRoom(done) }) { done() }
  }

  /// Sends a call and waits for its result's JSON.
  private func result(of message: InvokeFunctionMessage, timeout: Duration?) async throws -> [UInt8] {
    let id = UUID128.random()
    let post = try call(message, id, timeout: timeout)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        post { continuation.resume(with: $0) }
        // A cancellation that came before the call was posted found nothing to cancel.
        if Task.isCancelled { self.post { $0.cancel(id) } }
      }
    } onCancel: {
      self.post { $0.cancel(id) }
    }
  }

  /// Decodes the result of a call; the error of one that does not fit says whose it was.
  func decode<Output: Decodable>(_ result: [UInt8], of message: InvokeFunctionMessage) throws -> Output {
    do {
      return try PayloadCoder.decode(Output.self, from: result)
    } catch let error as DecodingError {
      throw error.prefixed("the result of '\(message.functionID)' is no \(Output.self): ")
    }
  }

  /// Prepares a call, which the result posts; the time-out counts from here.
  func call(
    _ message: InvokeFunctionMessage, _ id: UUID128, timeout: Duration?
  ) throws -> (_ complete: @escaping @Sendable (CallOutcome) -> Void) -> Void {
    var message = message
    message.invocationID = id
    let frame = try frame(message)
    let functionID = message.functionID
    let timeout = timeout ?? invocationTimeout
    let now = host.source.now
    return { [self] complete in
      let call = PendingCall(id: id, functionID: functionID, timeout: timeout, now: now, complete: complete)
      if !post({ $0.call(call, frame: frame) }) { complete(.failure(shutDownError(functionID))) }
    }
  }
}

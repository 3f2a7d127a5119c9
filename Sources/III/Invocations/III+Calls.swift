/// What a call says beside its function and payload.
struct CallOptions {
  var timeout: Duration?
  var metadata: JSONValue?
  var namespace: String?

  init(_ timeout: Duration?, _ metadata: JSONValue?, _ namespace: String?) {
    self.timeout = timeout
    self.metadata = metadata
    self.namespace = namespace
  }
}

/// How all forms of `trigger` reach the connection.
extension III {
  /// Calls and decodes the result.
  func call<Payload: Encodable & Sendable, Output: Decodable>(
    _ functionID: String, _ payload: Payload, _ options: CallOptions, enqueue action: TriggerActionEnqueue? = nil
  ) async throws -> Output {
    let message = try message(functionID, payload, action.map(TriggerAction.enqueue), options)
    return try decode(await result(of: message, timeout: options.timeout), of: message)
  }

  /// Calls as the action says.
  func call<Payload: Encodable & Sendable>(
    _ functionID: String, _ payload: Payload, action: TriggerAction?, _ options: CallOptions
  ) async throws -> JSONValue {
    let message = try message(functionID, payload, action, options)
    if case .void = action {
      try await send(message)
      return .null
    }
    return try decode(await result(of: message, timeout: options.timeout), of: message)
  }

  /// Calls and waits for no answer.
  func send<Payload: Encodable & Sendable>(
    _ functionID: String, _ payload: Payload, _ action: TriggerActionVoid, _ options: CallOptions
  ) async throws {
    try await send(try message(functionID, payload, .void(action), options))
  }

  /// A call. It is part of the trace of the invocation that the caller serves, if there is one.
  func message<Payload: Encodable & Sendable>(
    _ functionID: String, _ payload: Payload, _ action: TriggerAction?, _ options: CallOptions
  ) throws -> InvokeFunctionMessage {
    let context = InvocationContext.current
    return InvokeFunctionMessage(
      functionID: functionID, data: try PayloadCoder.encode(payload), action: action,
      metadata: try options.metadata.map { try PayloadCoder.encode($0) },
      namespace: try Namespace.target(functionID: functionID, chosen: options.namespace, worker: namespace),
      traceparent: context?.traceparent, baggage: context?.baggage)
  }

  private func frame(_ message: InvokeFunctionMessage) throws -> [UInt8] {
    guard !isShutDown else { throw shutDownError(message.functionID) }
    do {
      return try message.frame(limit: maxMessageBytes)
    } catch {
      throw clientError(MessageTooLarge.code, error.message, message.functionID)
    }
  }

  func shutDownError(_ functionID: String) -> IIIInvocationError {
    clientError(IIIErrorCode.shutdown, ConnectionMachine.shutDownMessage, functionID)
  }

  private func clientError(_ code: String, _ message: String, _ functionID: String) -> IIIInvocationError {
    .make(code: code, message: message, functionID: functionID, origin: .client)
  }

  /// Hands over a call that has no answer.
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

  /// Calls `done` when the engine has accepted everything that was sent before.
  func waitForRoom(_ done: @escaping @Sendable () -> Void) {
    if !post({ $0.waitForRoom(done) }) { done() }
  }

  /// Sends a call and waits for its result's JSON.
  private func result(of message: InvokeFunctionMessage, timeout: Duration?) async throws -> [UInt8] {
    let id = UUID128.random()
    let post = try prepare(message, id, timeout: timeout)
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

  /// Decodes the result of a call; the error of a result that does not fit names the function.
  func decode<Output: Decodable>(_ result: [UInt8], of message: InvokeFunctionMessage) throws -> Output {
    do {
      return try PayloadCoder.decode(Output.self, from: result)
    } catch let error as DecodingError {
      throw error.prefixed("the result of '\(message.functionID)' is not \(Output.self): ")
    }
  }

  /// Prepares a call, which the returned function posts; the time-out counts from here.
  func prepare(
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

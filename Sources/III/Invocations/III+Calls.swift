/// The options of a call besides its function and payload.
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

/// The shared implementation of all forms of `trigger`.
extension III {
  /// Calls and decodes the result.
  func call<Payload: Encodable & Sendable, Output: Decodable>(
    _ functionID: String, _ payload: Payload, _ options: CallOptions, enqueue action: TriggerActionEnqueue? = nil
  ) async throws -> Output {
    let message = try message(functionID, payload, action.map(TriggerAction.enqueue), options)
    return try decode(await result(of: message, timeout: options.timeout), of: functionID)
  }

  /// Calls as the action requires.
  func call<Payload: Encodable & Sendable>(
    _ functionID: String, _ payload: Payload, action: TriggerAction?, _ options: CallOptions
  ) async throws -> JSONValue {
    let message = try message(functionID, payload, action, options)
    if case .void = action {
      try await handOver(message, timeout: options.timeout)
      return .null
    }
    return try decode(await result(of: message, timeout: options.timeout), of: functionID)
  }

  /// Sends a call and waits for no answer.
  func send<Payload: Encodable & Sendable>(
    _ functionID: String, _ payload: Payload, _ action: TriggerActionVoid, _ options: CallOptions
  ) async throws {
    try await handOver(try message(functionID, payload, .void(action), options), timeout: options.timeout)
  }

  /// Makes a call's message. If the caller serves an invocation, the call is part of its trace.
  func message<Payload: Encodable & Sendable>(
    _ functionID: String, _ payload: Payload, _ action: TriggerAction?, _ options: CallOptions
  ) throws -> InvokeFunctionMessage {
    let trace = TraceScope.carried
    return InvokeFunctionMessage(
      functionID: functionID, data: try PayloadCoder.encode(payload), action: action,
      metadata: try options.metadata.map { try PayloadCoder.encode($0) },
      namespace: try Namespace.target(functionID: functionID, chosen: options.namespace, worker: namespace),
      traceparent: trace.traceparent, baggage: trace.baggage)
  }

  func shutDownError(_ functionID: String) -> IIIInvocationError {
    clientError(IIIErrorCode.shutdown, ConnectionMachine.shutDownMessage, functionID)
  }

  func clientError(_ code: String, _ message: String, _ functionID: String) -> IIIInvocationError {
    .make(code: code, message: message, functionID: functionID, origin: .client)
  }

  /// Decodes the result of a call; if that fails, the error names the function.
  func decode<Output: Decodable>(_ result: [UInt8], of functionID: String) throws -> Output {
    do {
      return try PayloadCoder.decode(Output.self, from: result, userInfo: decoding)
    } catch let error as DecodingError {
      throw error.prefixed("the result of '\(functionID)' is not \(Output.self): ")
    }
  }
}

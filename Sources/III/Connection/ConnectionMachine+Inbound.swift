extension ConnectionMachine {
  /// Handles a whole message, text or binary. A message that cannot be read is ignored.
  mutating func received(message: ByteView, now: UInt64) {
    guard isConnected else { return }
    let envelope: Envelope
    do throws(Envelope.Failure) {
      envelope = try Envelope.scan(message, maxDepth: Envelope.workerMaxDepth)
    } catch {
      if !message.isBlank { ignore("it is not a JSON object") }
      return
    }
    switch envelope.kind {
    case .invokeFunction: invoke(envelope)
    case .invocationResult: receiveResult(envelope)
    case .workerRegistered: identify(envelope)
    case .registrationRejected: refused(RegistrationRejectedError(envelope), now: now)
    case .registerTrigger: receiveTrigger(envelope)
    case .unregisterTrigger: receiveTriggerEnd(envelope)
    case .triggerRegistrationResult: receiveTriggerResult(envelope)
    case .ping: outbox.append(.pongMessage, PongMessage().frame())
    case .pong: replayEnded()
    case .error: receiveError(envelope)
    default: break
    }
  }

  mutating func ignore(_ why: String) {
    // Limits the log: an engine may send many such messages.
    session?.ignoredMessages += 1
    guard let session, session.ignoredMessages <= 3 else { return }
    log(.warn, "ignored a message of \(configuration.address): \(why)")
  }

  private mutating func identify(_ envelope: borrowing Envelope) {
    guard let id = envelope.text(.workerID) else {
      ignore("`workerregistered` without `worker_id`")
      return
    }
    workerID = envelope.value(.workerID)?.array
    reattachToken = envelope.text(.reattachToken) == nil ? nil : envelope.value(.reattachToken)?.array
    actions.append(.identified(workerID: id))
  }

  private mutating func receiveResult(_ envelope: borrowing Envelope) {
    guard let id = try? envelope.id(.invocationID) else {
      ignore("`invocationresult` without a UUID for its `invocation_id`")
      return
    }
    // A call that still waits was not sent, so the result does not belong to this connection.
    guard let call = calls[id], call.hasResult, call.place != .waiting else { return }
    if let error = envelope.value(.error) {
      let functionID = call.functionID
      finish(id, .failure(IIIInvocationError.decode(error, functionID: functionID, invocationID: id.description)))
    } else {
      finish(id, .success(envelope.value(.result)?.array ?? Self.null))
    }
  }

  private static let null = Array("null".utf8)

  /// The engine reports an error; usually it closes the connection next.
  private mutating func receiveError(_ envelope: borrowing Envelope) {
    guard let raw = envelope.value(.error) else {
      ignore("`error` without `error`")
      return
    }
    let error = IIIInvocationError.decode(raw, functionID: nil, invocationID: nil)
    session?.engineError = "\(error.code): \(error.message)"
    log(.error, "\(configuration.address) reports \(error.code): \(error.message)")
    if error.code == "AUTH_ERROR" { refusedAuthentication("\(error.code): \(error.message)") }
  }

  // MARK: Messages above the limit

  /// Handles a message that was too large to be stored: the ids that were read from it say which call or invocation fails.
  mutating func received(oversized message: OversizedMessage) {
    guard let session else { return }
    let text = """
      a message of \(message.count) bytes was not accepted by the worker: the limit is \(configuration.maxMessageBytes) bytes \
      (InitOptions.maxMessageBytes). Use channels for larger payloads.
      """
    let id = message.invocationID
    switch message.kind {
    case .invokeFunction where id != nil:
      guard let id else { return }
      let outcome = HandlerOutcome.failure(code: MessageTooLarge.code, message: text, stacktrace: nil)
      let answer = InvocationResultMessage(
        invocationID: id, functionID: message.functionID ?? "", outcome: outcome, traceparent: nil)
      reply(Outbound(frame: answer.frame()), to: session.number)
    case .invocationResult where id.flatMap { calls[$0] } != nil:
      guard let id, let call = calls[id] else { return }
      finish(id, .failure(call.error(MessageTooLarge.code, "the result: \(text)")))
    default:
      let function = message.functionID.map { " for function '\($0)'" } ?? ""
      log(.warn, "ignored a message of \(configuration.address)\(function): \(text)")
    }
  }

  private mutating func invoke(_ envelope: borrowing Envelope) {
    guard let functionID = envelope.text(.functionID) else {
      ignore("`invokefunction` without `function_id`")
      return
    }
    var invocationID: UUID128?
    if envelope.value(.invocationID) != nil {
      invocationID = try? envelope.id(.invocationID)
      guard invocationID != nil else {
        ignore("`invokefunction` whose `invocation_id` is not a UUID")
        return
      }
    }
    let traceparent = envelope.text(.traceparent)
    guard let function = functions[ByteKey(functionID)] else {
      guard let invocationID else { return }
      let outcome = HandlerOutcome.failure(
        code: "function_not_found", message: "Function '\(functionID)' not found", stacktrace: nil)
      let answer = InvocationResultMessage(
        invocationID: invocationID, functionID: functionID, outcome: outcome, traceparent: traceparent)
      send(answer)
      return
    }
    guard let session else { return }
    let invocation = InboundInvocation(
      invocationID: invocationID, data: envelope.value(.data) ?? ByteView("null"),
      namesCaller: envelope.dataNamesCaller, repeatsCaller: envelope.dataRepeatsCaller,
      metadata: envelope.value(.metadata)?.array, traceparent: traceparent,
      baggage: envelope.text(.baggage), delivery: envelope.value(.delivery)?.array, connection: session.number)
    actions.append(.run(function, invocation))
  }
}

extension RegistrationRejectedError {
  fileprivate init(_ envelope: borrowing Envelope) {
    self.init(
      code: envelope.text(.code) ?? "UNKNOWN",
      namespace: envelope.text(.namespace) ?? "default",
      workerName: envelope.text(.workerName),
      functionID: envelope.text(.functionID),
      ownerWorkerID: envelope.text(.ownerWorkerID))
  }
}

extension ConnectionMachine {
  /// Bytes have come, whatever they are.
  mutating func noteInbound(now: UInt64) { lastInbound = now }

  mutating func received(ping payload: ByteView, now: UInt64) {
    guard phase == .connected else { return }
    answer(ClientFrame.pong(payload), now: now)
  }

  /// A whole message, text or binary. What cannot be understood is ignored.
  mutating func received(message: ByteView, now: UInt64) {
    guard phase == .connected else { return }
    let envelope: Envelope
    do throws(Envelope.Failure) {
      envelope = try Envelope.scan(message, maxDepth: Envelope.workerMaxDepth)
    } catch {
      if !message.isBlank { ignore("it is no JSON object") }
      return
    }
    switch envelope.kind {
    case .invokeFunction: invoke(envelope, now)
    case .invocationResult: receiveResult(envelope)
    case .workerRegistered: identify(envelope)
    case .registrationRejected: refused(RegistrationRejectedError(envelope), now: now)
    case .registerTrigger: receiveTrigger(envelope, now: now)
    case .unregisterTrigger: receiveTriggerEnd(envelope)
    case .triggerRegistrationResult: receiveTriggerResult(envelope)
    case .ping: answer(PongMessage().frame(), now: now)
    case .pong: replayEnded()
    default: break
    }
  }

  mutating func ignore(_ why: String) {
    // An engine that sends nonsense must not fill the log.
    ignoredMessages += 1
    guard ignoredMessages <= 3 else { return }
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
    guard let call = calls[id], !call.isQueued else { return }
    if let error = envelope.value(.error) {
      let functionID = call.pending.functionID
      finish(id, .failure(IIIInvocationError.decode(error, functionID: functionID, invocationID: id.description)))
    } else {
      finish(id, .success(envelope.value(.result)?.array ?? Self.null))
    }
  }

  private static let null = Array("null".utf8)

  private mutating func invoke(_ envelope: borrowing Envelope, _ now: UInt64) {
    guard let functionID = envelope.text(.functionID) else {
      ignore("`invokefunction` without `function_id`")
      return
    }
    var invocationID: UUID128?
    if envelope.value(.invocationID) != nil {
      invocationID = try? envelope.id(.invocationID)
      guard invocationID != nil else {
        ignore("`invokefunction` whose `invocation_id` is no UUID")
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
      self.answer(answer.frame(), now: now)
      return
    }
    let invocation = InboundInvocation(
      invocationID: invocationID, payload: envelope.value(.data)?.array ?? Self.null,
      namesCaller: envelope.dataNamesCaller, metadata: envelope.value(.metadata)?.array, traceparent: traceparent,
      baggage: envelope.text(.baggage), connection: connection)
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

extension ConnectionMachine {
  /// Bytes have come, whatever they are.
  mutating func noteInbound(now: UInt64) { lastInbound = now }

  mutating func received(ping payload: ByteView, now: UInt64) {
    // A pong that would wait behind megabytes proves nothing any more.
    guard phase == .connected, position - sent <= 1 << 20 else { return }
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
    case .invokeFunction: invoke(envelope, message, now)
    case .invocationResult: receiveResult(envelope, message)
    case .workerRegistered: identify(envelope, message)
    case .registrationRejected: refused(RegistrationRejectedError(envelope, message), now: now)
    case .ping: answer(PongMessage().frame(), now: now)
    default: break
    }
  }

  private mutating func ignore(_ why: String) {
    // An engine that sends nonsense must not fill the log.
    ignoredMessages += 1
    guard ignoredMessages <= 3 else { return }
    log(.warn, "ignored a message of \(configuration.address): \(why)")
  }

  private mutating func identify(_ envelope: Envelope, _ message: ByteView) {
    guard let id = envelope.string(.workerID, in: message) else {
      ignore("`workerregistered` without `worker_id`")
      return
    }
    workerID = message[envelope[.workerID]].array
    reattachToken = envelope.string(.reattachToken, in: message).map { _ in message[envelope[.reattachToken]].array }
    actions.append(.identified(workerID: id))
  }

  private mutating func receiveResult(_ envelope: Envelope, _ message: ByteView) {
    guard let id = envelope.uuid(.invocationID, in: message) else {
      ignore("`invocationresult` without a UUID for its `invocation_id`")
      return
    }
    guard let call = calls[id], !call.isQueued else { return }
    if let error = envelope.value(.error, in: message) {
      let functionID = call.pending.functionID
      finish(id, .failure(IIIInvocationError.decode(error, functionID: functionID, invocationID: id.description)))
    } else {
      finish(id, .success(envelope.value(.result, in: message)?.array ?? Self.null))
    }
  }

  private static let null = Array("null".utf8)

  private mutating func invoke(_ envelope: Envelope, _ message: ByteView, _ now: UInt64) {
    guard let functionID = envelope.string(.functionID, in: message) else {
      ignore("`invokefunction` without `function_id`")
      return
    }
    var invocationID: UUID128?
    if envelope.value(.invocationID, in: message) != nil {
      invocationID = envelope.uuid(.invocationID, in: message)
      guard invocationID != nil else {
        ignore("`invokefunction` whose `invocation_id` is no UUID")
        return
      }
    }
    let traceparent = envelope.string(.traceparent, in: message)
    guard let function = functions[functionID] else {
      guard let invocationID else { return }
      let outcome = HandlerOutcome.failure(
        code: "function_not_found", message: "Function '\(functionID)' not found", stacktrace: nil)
      let answer = InvocationResultMessage(
        invocationID: invocationID, functionID: functionID, outcome: outcome, traceparent: traceparent)
      self.answer(answer.frame(), now: now)
      return
    }
    let invocation = InboundInvocation(
      invocationID: invocationID, payload: envelope.value(.data, in: message)?.array ?? Self.null,
      metadata: envelope.value(.metadata, in: message)?.array, traceparent: traceparent,
      baggage: envelope.string(.baggage, in: message), connection: connection)
    actions.append(.run(function, invocation))
  }
}

extension Envelope {
  /// A member's JSON; `nil` where it is absent or `null`.
  fileprivate func value(_ field: Field, in message: ByteView) -> ByteView? {
    let range = self[field]
    guard range.isPresent else { return nil }
    let value = message[range]
    return value == "null" ? nil : value
  }

  /// A member's text; `nil` where it is no string.
  fileprivate func string(_ field: Field, in message: ByteView) -> String? {
    guard let value = value(field, in: message), JSONText.isString(value) else { return nil }
    return JSONText.unquote(value)
  }

  fileprivate func uuid(_ field: Field, in message: ByteView) -> UUID128? {
    guard let value = value(field, in: message), JSONText.isString(value) else { return nil }
    return UUID128(value.dropFirst(1).prefix(value.count - 2))
  }
}

extension RegistrationRejectedError {
  fileprivate init(_ envelope: Envelope, _ message: ByteView) {
    self.init(
      code: envelope.string(.code, in: message) ?? "UNKNOWN",
      namespace: envelope.string(.namespace, in: message) ?? "default",
      workerName: envelope.string(.workerName, in: message),
      functionID: envelope.string(.functionID, in: message),
      ownerWorkerID: envelope.string(.ownerWorkerID, in: message))
  }
}

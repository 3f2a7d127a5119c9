extension ConnectionMachine {
  // MARK: Calls

  /// A call whose caller waits. It ends in every case, once.
  mutating func call(_ call: PendingCall, now: UInt64) {
    if let refusal = refusal(of: call) {
      end(call, .failure(refusal))
      return
    }
    guard now < call.deadline else {
      end(call, .failure(call.timedOut(disconnection: disconnection)))
      return
    }
    guard call.hasResult || isConnected && outbox.backlog > configuration.maxUnsentBytes else {
      if let message = call.message { enqueue(.unanswered(message)) }
      end(call, .success([]))
      return
    }
    call.timer = timers.insert(at: call.deadline, .call(call.id))
    calls[call.id] = call
    enqueue(.call(call))
  }

  /// A call without a result whose caller does not wait.
  mutating func callWithoutResult(_ message: Outbound) {
    switch state {
    case .closing, .shutDown, .failed: break
    case .disconnected, .connecting, .handshaking, .connected, .reconnecting: enqueue(.unanswered(message))
    }
  }

  /// Why calls are not accepted any more, if they are not.
  private func refusal(of call: PendingCall) -> (any Error)? {
    switch state {
    case .closing, .shutDown: Self.shutDownError(call)
    case .failed(let error): call.failure(from: error)
    case .disconnected, .connecting, .handshaking, .connected, .reconnecting: nil
    }
  }

  private mutating func enqueue(_ entry: Outbox.Entry) {
    outbox.append(entry)
    if !isConnected { dropOverflow() }
  }

  /// Without a connection only so much waits: the oldest is dropped.
  mutating func dropOverflow() {
    while outbox.count > max(0, configuration.maxQueuedMessages)
      || outbox.count > 1 && outbox.waitingBytes > configuration.maxQueuedBytes
    {
      guard let entry = outbox.removeFirst() else { return }
      if case .call(let call) = entry {
        let message = """
          \(configuration.maxQueuedMessages) calls or \(configuration.maxQueuedBytes) bytes wait for a connection to \
          \(configuration.address): the oldest was dropped
          """
        finish(call.id, .failure(call.error(IIIErrorCode.queueOverflow, message)))
      } else if !hasWarnedOfOverflow {
        hasWarnedOfOverflow = true
        log(.warn, "Message queue full, dropping oldest message")
      }
    }
  }

  /// The caller does not wait any more.
  mutating func cancel(_ id: UUID128) { finish(id, .failure(CancellationError())) }

  mutating func timedOut(_ id: UUID128) {
    if let call = calls[id] { finish(id, .failure(call.timedOut(disconnection: disconnection))) }
  }

  /// Ends a call, if it has not ended before. What of it has not begun to leave never leaves.
  mutating func finish(_ id: UUID128, _ outcome: CallOutcome) {
    if let call = remove(id) { actions.append(.complete(call, outcome)) }
  }

  /// Forgets a call, whose caller then has to be given an outcome.
  mutating func remove(_ id: UUID128) -> PendingCall? {
    guard let call = calls.removeValue(forKey: id) else { return nil }
    if let timer = call.timer { timers.cancel(timer) }
    outbox.remove(call)
    call.message = nil
    call.place = .ended
    return call
  }

  private mutating func end(_ call: PendingCall, _ outcome: CallOutcome) {
    call.message = nil
    call.place = .ended
    actions.append(.complete(call, outcome))
  }

  // MARK: Functions

  mutating func register(_ function: RegisteredFunction) {
    guard !isRetired else { return }
    functions[ByteKey(function.id)] = function
    registrations.add(function.id, to: .functions, function.registration)
    send(function.registration)
  }

  mutating func unregister(_ id: String) {
    functions[ByteKey(id)] = nil
    if registrations.remove(id, from: .functions) { send(UnregisterFunctionMessage(id: id)) }
  }

  /// The worker accepts no more work: the engine is told to end its triggers and functions. What the engine has invoked already may
  /// still come, and is run and answered.
  mutating func retire() {
    guard !isRetired else { return }
    isRetired = true
    for id in registrations.removeAll(from: .triggers) {
      if let trigger = triggers.removeValue(forKey: id) { send(UnregisterTriggerMessage(id: id, type: trigger.type)) }
    }
    for id in registrations.removeAll(from: .functions) { send(UnregisterFunctionMessage(id: id)) }
  }

  /// A handler's answer. It goes to the connection that asked; without that no caller waits for it.
  mutating func reply(_ message: Outbound, to connection: Int) {
    if let session, session.number == connection { outbox.append(.transient(message)) }
  }
}

extension PendingCall {
  /// The error of a call to a worker that has given up.
  func failure(from error: any Error) -> any Error {
    Self.failure(error, functionID: functionID, invocationID: hasResult ? id : nil)
  }

  static func failure(_ error: any Error, functionID: String, invocationID: UUID128?) -> any Error {
    if let rejection = error as? RegistrationRejectedError { return rejection }
    return IIIInvocationError.make(
      code: IIIErrorCode.connectionFailed, message: "\(error); make a new worker", functionID: functionID,
      invocationID: invocationID?.description, origin: .client)
  }
}

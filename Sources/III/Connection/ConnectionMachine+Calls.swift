extension ConnectionMachine {
  // MARK: Calls

  /// Starts a call whose caller waits. Each call gets exactly one outcome.
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
    callCount += 1
    call.number = callCount
    calls[call.id] = call
    enqueue(.call(call))
  }

  /// Starts a call without a result whose caller does not wait.
  mutating func callWithoutResult(_ message: Outbound) {
    switch state {
    case .closing, .shutDown, .failed: break
    case .disconnected, .connecting, .handshaking, .connected, .reconnecting: enqueue(.unanswered(message))
    }
  }

  /// Why calls are no longer accepted; `nil` if they are.
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

  /// Limits what waits while there is no connection: the oldest call is dropped.
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

  /// The calls that wait for an outcome, in the order in which they were made.
  var callsInOrder: [PendingCall] { calls.values.sorted { $0.number < $1.number } }

  /// The caller no longer waits.
  mutating func cancel(_ id: UUID128) { finish(id, .failure(CancellationError())) }

  mutating func timedOut(_ id: UUID128) {
    if let call = calls[id] { finish(id, .failure(call.timedOut(disconnection: disconnection))) }
  }

  /// Ends a call, if it has not ended yet. Bytes of it that have not begun to leave are never sent.
  mutating func finish(_ id: UUID128, _ outcome: CallOutcome) {
    if let call = remove(id) { actions.append(.complete(call, outcome)) }
  }

  /// Removes a call; the caller of this method must give it an outcome.
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

  /// Stops accepting work: the engine is told to end the worker's triggers and functions. Invocations that the engine has sent already may
  /// still arrive; they are run and answered.
  mutating func retire() {
    guard !isRetired else { return }
    isRetired = true
    for id in registrations.removeAll(from: .triggers) {
      if let trigger = triggers.removeValue(forKey: id) { send(UnregisterTriggerMessage(id: id, type: trigger.type)) }
    }
    for id in registrations.removeAll(from: .functions) { send(UnregisterFunctionMessage(id: id)) }
  }

  /// Sends a handler's answer on the connection that the invocation came from. If that has ended, no caller waits and the answer is
  /// dropped.
  mutating func reply(_ message: Outbound, to connection: Int) {
    if let session, session.number == connection { outbox.append(.transient(message)) }
  }
}

extension PendingCall {
  /// The error of a call to a worker that has failed.
  func failure(from error: any Error) -> any Error {
    Self.failure(error, functionID: functionID, invocationID: hasResult ? id : nil)
  }

  static func failure(_ error: any Error, functionID: String, invocationID: UUID128?) -> any Error {
    if let rejection = error as? RegistrationRejectedError { return rejection }
    return IIIInvocationError.make(
      code: IIIErrorCode.connectionFailed, message: "\(error); create a new worker", functionID: functionID,
      invocationID: invocationID?.description, origin: .client)
  }
}

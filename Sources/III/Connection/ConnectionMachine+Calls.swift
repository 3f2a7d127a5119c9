extension ConnectionMachine {
  // MARK: Calls

  /// A call whose caller waits. It is answered in every case, once.
  mutating func call(_ call: PendingCall, frame: [UInt8], now: UInt64) {
    switch phase {
    case .closing, .shutDown:
      actions.append(.complete(call, .failure(Self.shutDownError(call))))
      return
    case .failed:
      let error = failure as? RegistrationRejectedError ?? failedError(call)
      actions.append(.complete(call, .failure(error)))
      return
    case .disconnected, .connecting, .handshaking, .connected, .reconnecting: break
    }
    guard now < call.deadline else {
      actions.append(.complete(call, .failure(call.timedOut(disconnection: disconnection))))
      return
    }
    let timer = timers.insert(at: call.deadline, .call(call.id))
    calls[call.id] = Call(pending: call, timer: timer, isQueued: false)
    send(OutboundQueue.Entry(call: call.id, frame: frame))
  }

  private func failedError(_ call: PendingCall) -> any Error {
    let message = "the connection to \(configuration.address) failed after max retries; make a new worker"
    return call.error("CONNECTION_FAILED", message)
  }

  /// A call that nobody waits for.
  mutating func callWithoutResult(frame: [UInt8]) {
    switch phase {
    case .closing, .shutDown, .failed: break
    default: send(OutboundQueue.Entry(call: nil, frame: frame))
    }
  }

  private mutating func send(_ entry: OutboundQueue.Entry) {
    if phase == .connected { transmit(entry) } else { enqueue(entry) }
  }

  mutating func enqueue(_ entry: OutboundQueue.Entry) {
    if let call = entry.call { calls[call]?.isQueued = true }
    guard let pushedOut = queue.append(entry) else { return }
    if let id = pushedOut.call, let call = calls[id] {
      calls[id]?.isQueued = false
      let message =
        "\(configuration.maxQueuedMessages) calls wait for a connection to \(configuration.address): the oldest was dropped"
      finish(id, .failure(call.pending.error("QUEUE_OVERFLOW", message)))
    } else if !hasWarnedOfOverflow {
      hasWarnedOfOverflow = true
      log(.warn, "Message queue full, dropping oldest message")
    }
  }

  /// The caller does not wait any more.
  mutating func cancel(_ id: UUID128) {
    finish(id, .failure(CancellationError()))
  }

  mutating func timedOut(_ id: UUID128) {
    guard let call = calls[id] else { return }
    finish(id, .failure(call.pending.timedOut(disconnection: disconnection)))
  }

  /// Ends a call, wherever it stands. What is unknown has ended before.
  mutating func finish(_ id: UUID128, _ outcome: CallOutcome) {
    guard let call = remove(id) else { return }
    actions.append(.complete(call, outcome))
  }

  /// Forgets a call; who does so owes its caller an answer.
  mutating func remove(_ id: UUID128) -> PendingCall? {
    guard let call = calls.removeValue(forKey: id) else { return nil }
    timers.cancel(call.timer)
    if call.isQueued { queue.forget(id) }
    return call.pending
  }

  // MARK: Functions

  mutating func register(_ function: RegisteredFunction) {
    guard !isRetired else { return }
    functions[ByteKey(function.id)] = function
    registrations.add(function.id, to: .functions, function.registration)
    if phase == .connected { write(function.registration.frame()) }
  }

  mutating func unregister(_ id: String) {
    functions[ByteKey(id)] = nil
    guard registrations.remove(id, from: .functions), phase == .connected else { return }
    write(UnregisterFunctionMessage(id: id).frame())
  }

  /// The worker wants no more work: the engine is told to end its triggers and functions. What the engine has invoked already may
  /// still come, and is run and answered.
  mutating func retire() {
    guard !isRetired else { return }
    isRetired = true
    for id in registrations.removeAll(from: .triggers) {
      guard let trigger = triggers.removeValue(forKey: id), phase == .connected else { continue }
      write(UnregisterTriggerMessage(id: id, type: trigger.type).frame())
    }
    for id in registrations.removeAll(from: .functions) where phase == .connected {
      write(UnregisterFunctionMessage(id: id).frame())
    }
  }

  /// A handler's answer. It goes to the connection that asked; if that is gone, nobody waits for it.
  mutating func reply(_ frame: [UInt8], to connection: Int, now: UInt64) {
    guard phase == .connected, connection == self.connection else { return }
    answer(frame, now: now)
  }
}

extension ConnectionMachine {
  // MARK: The worker's side

  mutating func register(_ trigger: Trigger) {
    guard !isRetired else { return }
    triggers[trigger.id] = trigger
    registrations.add(trigger.id, to: .triggers, trigger.registration)
    send(trigger.registration)
  }

  mutating func unregister(trigger id: String) {
    guard let trigger = triggers.removeValue(forKey: id) else { return }
    if registrations.remove(id, from: .triggers) { send(UnregisterTriggerMessage(id: id, type: trigger.type)) }
  }

  mutating func register(_ type: RegisteredTriggerType) {
    guard !isRetired else { return }
    if let replaced = triggerTypes.updateValue(type, forKey: ByteKey(type.id)) {
      type.follow(replaced)
      endInboundTriggers(of: replaced)
    }
    registrations.add(type.id, to: .triggerTypes, type.registration)
    send(type.registration)
  }

  /// Ends a trigger type, unless another one was registered under its id in the meantime.
  mutating func unregister(_ type: RegisteredTriggerType) {
    if triggerTypes[ByteKey(type.id)] === type { unregister(triggerType: type.id) }
  }

  mutating func unregister(triggerType id: String) {
    if let type = triggerTypes.removeValue(forKey: ByteKey(id)) { endInboundTriggers(of: type) }
    _ = registrations.remove(id, from: .triggerTypes)
    send(UnregisterTriggerTypeMessage(id: id))
  }

  /// Tells a type's handler that all of its triggers have ended. A handler that replaces it receives them from the engine, which sends a
  /// type's triggers at each registration of the type.
  private mutating func endInboundTriggers(of type: RegisteredTriggerType) {
    for trigger in inboundTriggers.values.filter({ ByteKey.isSame($0.type, type.id) }).sorted(by: { $0.id < $1.id }) {
      inboundTriggers[ByteKey(trigger.id)] = nil
      unconfirmedTriggers.remove(ByteKey(trigger.id))
      actions.append(.unregisterTrigger(type, trigger))
    }
  }

  // MARK: After a reconnect

  /// The new connection has sent the trigger types. The engine now sends the triggers that it still has; those that it does not send have
  /// ended in the meantime. The engine answers a `ping` after all of them: its answer ends the replay.
  mutating func beginTriggerReplay() {
    unconfirmedTriggers = Set(inboundTriggers.keys)
    if !unconfirmedTriggers.isEmpty { outbox.appendUrgent(Outbound(frame: PingMessage().frame())) }
  }

  /// The engine has answered the `ping`.
  mutating func replayEnded() {
    for id in unconfirmedTriggers.sorted(by: { $0.text < $1.text }) {
      guard let trigger = inboundTriggers.removeValue(forKey: id), let type = triggerTypes[ByteKey(trigger.type)] else {
        continue
      }
      actions.append(.unregisterTrigger(type, trigger))
    }
    unconfirmedTriggers = []
  }

  // MARK: The engine's side

  /// Handles a new trigger of a type that this worker provides.
  mutating func receiveTrigger(_ envelope: borrowing Envelope) {
    guard let id = envelope.text(.id), let type = envelope.text(.triggerType),
      let functionID = envelope.text(.functionID)
    else {
      ignore("`registertrigger` without `id`, `trigger_type` and `function_id`")
      return
    }
    guard let registered = triggerTypes[ByteKey(type)] else {
      let answer = TriggerRegistrationResultMessage(
        id: id, type: type, functionID: functionID,
        error: ("trigger_type_not_found", "Trigger type not found"))
      send(answer)
      return
    }
    guard let session else { return }
    let trigger = InboundTrigger(
      id: id, type: type, functionID: functionID, config: envelope.value(.config)?.array ?? Array("null".utf8),
      metadata: envelope.value(.metadata)?.array, namespace: envelope.text(.namespace))
    inboundTriggers[ByteKey(id)] = trigger
    unconfirmedTriggers.remove(ByteKey(id))
    actions.append(.registerTrigger(registered, trigger, connection: session.number))
  }

  /// Handles the end of a trigger. The engine sends only its id; the handler receives what was registered under it.
  mutating func receiveTriggerEnd(_ envelope: borrowing Envelope) {
    guard let id = envelope.text(.id) else {
      ignore("`unregistertrigger` without `id`")
      return
    }
    unconfirmedTriggers.remove(ByteKey(id))
    guard let trigger = inboundTriggers.removeValue(forKey: ByteKey(id)), let type = triggerTypes[ByteKey(trigger.type)]
    else { return }
    actions.append(.unregisterTrigger(type, trigger))
  }

  /// Handles the report on one of this worker's triggers, from the engine or from the type's provider.
  mutating func receiveTriggerResult(_ envelope: borrowing Envelope) {
    guard let id = envelope.text(.id), let trigger = triggers[id], let raw = envelope.value(.error) else { return }
    let error = IIIInvocationError.decode(raw, functionID: trigger.registration.functionID, invocationID: nil)
    trigger.fail(error)
    log(.error, "Trigger registration failed for \(id) (\(trigger.type)): \(error.message)")
  }
}

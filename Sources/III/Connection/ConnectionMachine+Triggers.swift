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
    triggerTypes[type.id] = type
    registrations.add(type.id, to: .triggerTypes, type.registration)
    send(type.registration)
  }

  mutating func unregister(triggerType id: String) {
    triggerTypes[id] = nil
    inboundTriggers = inboundTriggers.filter { $0.value.type != id }
    _ = registrations.remove(id, from: .triggerTypes)
    send(UnregisterTriggerTypeMessage(id: id))
  }

  // MARK: The engine's side

  /// Somebody registered a trigger of a type that this worker provides, or is thought to.
  mutating func receiveTrigger(_ envelope: borrowing Envelope) {
    guard let id = envelope.text(.id), let type = envelope.text(.triggerType),
      let functionID = envelope.text(.functionID)
    else {
      ignore("`registertrigger` without `id`, `trigger_type` and `function_id`")
      return
    }
    guard let registered = triggerTypes[type] else {
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
    inboundTriggers[id] = trigger
    actions.append(.registerTrigger(registered, trigger, connection: session.number))
  }

  /// The engine says the id only: the handler gets all that was registered under it.
  mutating func receiveTriggerEnd(_ envelope: borrowing Envelope) {
    guard let id = envelope.text(.id) else {
      ignore("`unregistertrigger` without `id`")
      return
    }
    guard let trigger = inboundTriggers.removeValue(forKey: id), let type = triggerTypes[trigger.type] else { return }
    actions.append(.unregisterTrigger(type, trigger))
  }

  /// What the engine, or a provider through it, says of one of this worker's triggers.
  mutating func receiveTriggerResult(_ envelope: borrowing Envelope) {
    guard let id = envelope.text(.id), let trigger = triggers[id], let raw = envelope.value(.error) else { return }
    let error = IIIInvocationError.decode(raw, functionID: trigger.registration.functionID, invocationID: nil)
    trigger.fail(error)
    log(.error, "Trigger registration failed for \(id) (\(trigger.type)): \(error.message)")
  }
}

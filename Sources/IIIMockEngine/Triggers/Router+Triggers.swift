internal import III

extension Router {
  // MARK: Messages

  mutating func register(
    _ frame: TriggerTypeRegistrationFrame, from peer: PeerID, _ output: some RouterOutput
  ) {
    guard let worker = workers[peer] else { return }
    let type = TriggerType(
      id: frame.id.key, description: frame.description.text, requestFormat: frame.requestFormat?.array,
      callFormat: frame.callFormat?.array, provider: .worker(peer))
    output.note(.triggerTypeRegistered(id: type.id.text, worker: worker.label))
    carryOut(triggers.register(type), output)
  }

  mutating func unregister(
    _ frame: TriggerTypeUnregistrationFrame, from peer: PeerID, _ output: some RouterOutput
  ) {
    let id = frame.id.key
    guard triggers.unregisterType(id, by: peer), let worker = workers[peer] else { return }
    output.note(.triggerTypeUnregistered(id: id.text, worker: worker.label))
  }

  mutating func register(_ frame: TriggerRegistrationFrame, from peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer] else { return }
    let trigger = TriggerEntry(
      id: frame.id.key, type: frame.triggerType.key, functionID: frame.functionID.key,
      config: frame.config.array, metadata: frame.metadata?.array, owner: peer)
    let effects = triggers.register(trigger)
    if triggers.trigger(trigger.id) != nil {
      output.note(
        .triggerRegistered(
          id: trigger.id.text, type: trigger.type.text, functionID: trigger.functionID.text, worker: worker.label))
    }
    carryOut(effects, output)
  }

  mutating func unregister(_ frame: TriggerUnregistrationFrame, from peer: PeerID, _ output: some RouterOutput) {
    guard let (trigger, effects) = triggers.unregister(frame.id.key) else { return }
    carryOut(effects, output)
    noteEnd(of: trigger, output)
  }

  /// A provider's answer. Success says nothing new; engine 0.13 makes nothing of an error either.
  mutating func answer(
    _ frame: TriggerRegistrationResultFrame, from peer: PeerID, _ output: some RouterOutput
  ) {
    guard let error = frame.error else { return }
    for case .rejected(let trigger) in triggers.reject(frame.id.key, by: peer) {
      report(trigger, .error(error), output)
      noteRejection(of: trigger, code: error.code.text, message: error.message.text, output)
    }
  }

  // MARK: Effects

  private mutating func carryOut(_ effects: [TriggerRegistry.Effect], _ output: some RouterOutput) {
    for effect in effects {
      switch effect {
      case .forward(let trigger, let provider): output.send(.registerTrigger(trigger), to: provider)
      case .withdraw(let id, let type, let provider):
        output.send(.unregisterTrigger(id: id, type: type), to: provider)
      case .missingType(let trigger, let isParked): missing(trigger, isParked: isParked, output)
      case .rejected: break  // told where the reason is known
      }
    }
  }

  /// Nobody provides the trigger's type. For one of the real engine's own its owner is told: none will come by itself.
  private func missing(_ trigger: TriggerEntry, isParked: Bool, _ output: some RouterOutput) {
    let text = MissingTriggerType.text(trigger.type)
    if compatibility.reportsTriggerErrors && MissingTriggerType.worker(for: trigger.type) != nil {
      report(trigger, .failure(InvocationFailure(code: "trigger_type_not_found", message: text)), output)
    }
    guard let owner = workers[trigger.owner] else { return }
    if isParked {
      output.note(.triggerParked(id: trigger.id.text, type: trigger.type.text, worker: owner.label))
    } else {
      noteRejection(of: trigger, code: "trigger_type_not_found", message: text, output)
    }
  }

  private func report(_ trigger: TriggerEntry, _ outcome: OutgoingFrame.Outcome, _ output: some RouterOutput) {
    output.send(.triggerRegistrationResult(trigger, outcome), to: trigger.owner)
  }

  private func noteRejection(of trigger: TriggerEntry, code: String, message: String, _ output: some RouterOutput) {
    guard let owner = workers[trigger.owner] else { return }
    output.note(
      .triggerRejected(id: trigger.id.text, type: trigger.type.text, code: code, message: message, worker: owner.label))
  }

  private func noteEnd(of trigger: TriggerEntry, _ output: some RouterOutput) {
    guard !trigger.isParked else { return }
    output.note(.triggerUnregistered(id: trigger.id.text, type: trigger.type.text))
  }

  // MARK: Disconnects

  /// After the calls in which a worker took part, before it leaves the table of workers.
  mutating func endTriggers(of worker: WorkerRecord, _ output: some RouterOutput) {
    let (ended, types, effects) = triggers.disconnect(worker.peer)
    carryOut(effects, output)
    for trigger in ended { noteEnd(of: trigger, output) }
    for id in types { output.note(.triggerTypeUnregistered(id: id.text, worker: worker.label)) }
  }
}

internal import III

extension Router {
  // MARK: Messages

  mutating func register(
    _ frame: TriggerTypeRegistrationFrame, from peer: PeerID, _ output: some RouterOutput
  ) {
    register(
      TriggerType(
        id: frame.id.key, description: frame.description.text, requestFormat: frame.requestFormat?.array,
        callFormat: frame.callFormat?.array, provider: .worker(peer)), from: peer, output)
  }

  mutating func register(_ type: TriggerType, from peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer] else { return }
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
    register(
      TriggerEntry(
        id: frame.id.key, type: frame.triggerType.key, functionID: frame.functionID.key,
        config: frame.config.array, configSummary: TriggerEntry.summary(ofConfig: frame.config),
        metadata: frame.metadata?.array, owner: peer), from: peer, output)
  }

  mutating func register(_ trigger: TriggerEntry, from peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer] else { return }
    let effects = triggers.register(trigger)
    if offer(effects, output) { return }
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

  /// A provider's answer to a trigger. Success changes nothing; engine 0.13 ignores errors too.
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

  /// Shows a new trigger to the built-in worker that provides its type; returns whether that refuses it.
  private mutating func offer(_ effects: [TriggerRegistry.Effect], _ output: some RouterOutput) -> Bool {
    for case .offer(let trigger, let provider, let old) in effects {
      let worker = builtIns[Int(provider.index)].worker
      guard let failure = worker.triggerRegistered(trigger, replacing: old) else { continue }
      triggers.refuse(trigger, restoring: old)
      carryOut(effects, output)  // a trigger of another type that it replaced has ended
      if compatibility.reportsTriggerErrors { report(trigger, .failure(failure), output) }
      noteRejection(of: trigger, code: failure.code, message: failure.message, output)
      return true
    }
    return false
  }

  /// Shows a trigger that has waited to the built-in worker that provides its type now.
  mutating func offer(_ trigger: TriggerEntry, to provider: BuiltInID, _ output: some RouterOutput) {
    _ = offer([.offer(trigger, to: provider, replacing: nil)], output)
  }

  private mutating func carryOut(_ effects: [TriggerRegistry.Effect], _ output: some RouterOutput) {
    for effect in effects {
      switch effect {
      case .forward(let trigger, let provider): send(.registerTrigger(trigger), to: provider, output)
      case .withdraw(let id, let type, let provider):
        send(.unregisterTrigger(id: id, type: type), to: provider, output)
      case .missingType(let trigger, let isParked): missing(trigger, isParked: isParked, output)
      case .ended(let trigger, let provider): builtIns[Int(provider.index)].worker.triggerUnregistered(trigger)
      case .offer, .rejected: break  // done where the outcome is known
      }
    }
  }

  /// The trigger's type is not provided. The owner is told if it is a type of the real engine, which no worker will
  /// provide later.
  private func missing(_ trigger: TriggerEntry, isParked: Bool, _ output: some RouterOutput) {
    let text = Router.missingTypeText(trigger.type)
    if compatibility.reportsTriggerErrors && BuiltInCatalog.worker(forTriggerType: trigger.type) != nil {
      report(trigger, .failure(InvocationFailure(code: "trigger_type_not_found", message: text)), output)
    }
    guard let owner = workers[trigger.owner] else { return }
    if isParked {
      output.note(
        .triggerParked(
          id: trigger.id.text, type: trigger.type.text, worker: owner.label,
          similarType: triggers.type(similarTo: trigger.type)))
    } else {
      noteRejection(of: trigger, code: "trigger_type_not_found", message: text, output)
    }
  }

  private func report(_ trigger: TriggerEntry, _ outcome: OutgoingFrame.Outcome, _ output: some RouterOutput) {
    send(.triggerRegistrationResult(trigger, outcome), to: trigger.owner, output)
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

  /// Ends a worker's triggers and trigger types, after its calls have ended.
  mutating func endTriggers(of worker: WorkerRecord, _ output: some RouterOutput) {
    let (ended, types, effects) = triggers.disconnect(worker.peer)
    carryOut(effects, output)
    for trigger in ended { noteEnd(of: trigger, output) }
    for id in types { output.note(.triggerTypeUnregistered(id: id.text, worker: worker.label)) }
  }

  /// The real engine's words, which name the worker that would provide the type.
  private static func missingTypeText(_ type: ByteKey) -> String {
    guard let worker = BuiltInCatalog.worker(forTriggerType: type) else { return "Trigger type \"\(type)\" not found" }
    return "Trigger type \"\(type)\" not found — worker \(worker) is missing. Run: iii worker add \(worker)"
  }
}

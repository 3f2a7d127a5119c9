internal import III

/// Registrations of checked connections: the session's flags, the hooks, the prefix.
extension Router {
  mutating func request(
    _ frame: FunctionRegistrationFrame, from peer: PeerID, _ output: some RouterOutput
  ) throws(FrameProblem) {
    let http = try http(of: frame)
    request(
      .function(id: frame.id.text, description: frame.description?.text, metadata: frame.metadata?.array),
      formats: (frame.requestFormat?.array, frame.responseFormat?.array), http: http, from: peer, output)
  }

  mutating func request(_ frame: TriggerTypeRegistrationFrame, from peer: PeerID, _ output: some RouterOutput) {
    request(
      .triggerType(id: frame.id.text, description: frame.description.text),
      formats: (frame.requestFormat?.array, frame.callFormat?.array), from: peer, output)
  }

  mutating func request(_ frame: TriggerRegistrationFrame, from peer: PeerID, _ output: some RouterOutput) {
    request(
      .trigger(
        id: frame.id.text, type: frame.triggerType.text, functionID: frame.functionID.text,
        config: frame.config.array, metadata: frame.metadata?.array), from: peer, output)
  }

  /// Registers what a worker asks for, if its session and the listener's hook allow it.
  private mutating func request(
    _ registration: HookedRegistration, formats: (request: [UInt8]?, response: [UInt8]?) = (nil, nil),
    http: HTTPFunction? = nil, from peer: PeerID, _ output: some RouterOutput
  ) {
    guard let worker = workers[peer] else { return }
    if let reason = worker.access.session.refusal(of: registration) {
      return deny(registration, of: worker, reason, output)
    }
    let pending = PendingRegistration(registration: registration, formats: formats, http: http)
    guard let hook = worker.access.listener.hook(for: registration) else {
      return register(pending, of: worker, output)
    }
    worker.access.asked = pending
    if !compatibility.readsDuringHooks { output.pause(peer) }
    warnOfDeadlock(hook, worker, output)
    begin(.hook(peer), of: hook, registration.input(context: worker.access.session.context))
  }

  func deny(
    _ registration: HookedRegistration, of worker: WorkerRecord, _ reason: String, _ output: some RouterOutput
  ) {
    note(
      AccessDenial(attempt: registration.attempt, id: registration.id, worker: worker.label, reason: reason), output)
  }

  /// Registers what no hook is asked about, or what a hook has allowed.
  mutating func register(_ pending: PendingRegistration, of worker: WorkerRecord, _ output: some RouterOutput) {
    let peer = worker.peer
    switch pending.registration {
    case .function(let id, let description, let metadata):
      warnOfEmptyPrefix(id, worker, output)
      let isPrefixed = worker.access.session.registrationPrefix != nil
      register(
        FunctionEntry(
          name: FunctionName(worker.access.prefixed(id), local: isPrefixed ? id : nil),
          target: pending.http == nil ? .worker(peer) : .http(owner: peer), description: description,
          requestFormat: pending.formats.request,
          responseFormat: pending.formats.response, metadata: metadata, http: pending.http), from: peer, output)
    case .triggerType(let id, let description):
      register(
        TriggerType(
          id: ByteKey(id), description: description, requestFormat: pending.formats.request,
          callFormat: pending.formats.response, provider: .worker(peer)), from: peer, output)
    case .trigger(let id, let type, let functionID, let config, let metadata):
      let target = ByteKey(worker.access.prefixed(functionID))
      warnOfPrivateTarget(target, of: id, worker, output)
      register(
        TriggerEntry(
          id: ByteKey(id), type: ByteKey(type), functionID: target, config: config,
          configSummary: config.withView { TriggerEntry.summary(ofConfig: $0) }, metadata: metadata, owner: peer),
        from: peer, output)
    }
  }

  /// The id under which the engine keeps a worker's function.
  func prefixed(_ id: String, _ peer: PeerID) -> ByteKey { ByteKey(workers[peer]?.access.prefixed(id) ?? id) }
}

extension AccessSession {
  /// Why the session does not allow a registration.
  fileprivate func refusal(of registration: HookedRegistration) -> String? {
    switch registration {
    case .function:
      allowsFunctionRegistration ? nil : "allow_function_registration of the session is false"
    case .triggerType:
      allowsTriggerTypeRegistration
        ? nil : "allow_trigger_type_registration of the session is false, which is the default"
    case .trigger(_, let type, _, _, _):
      Array(type.utf8).withView { mayRegisterTrigger(ofType: $0) }
        ? nil : "trigger type '\(type)' is not in allowed_trigger_types of the session"
    }
  }
}

extension HookedRegistration {
  fileprivate var attempt: AccessDenial.Attempt {
    switch self {
    case .function: .functionRegistration
    case .triggerType: .triggerTypeRegistration
    case .trigger: .triggerRegistration
    }
  }

  fileprivate var id: String {
    switch self {
    case .function(let id, _, _), .triggerType(let id, _), .trigger(let id, _, _, _, _): id
    }
  }
}

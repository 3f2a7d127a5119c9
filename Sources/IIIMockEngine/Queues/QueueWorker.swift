internal import III

/// `iii-queue`: queues and durable topics. What happens to jobs is decided by `QueueBroker`; this carries it out.
final class QueueWorker: BuiltInWorker {
  static let triggerType = "durable:subscriber"
  /// Its name up to engine 0.10.
  private static let oldTriggerType = "queue"

  let manifest = BuiltInManifest(
    name: QueueSettings.workerName,
    functions: QueueFunction.allCases.map(\.manifestFunction) + QueueControl.manifestFunctions,
    triggerTypes: [
      BuiltInTriggerType(
        id: QueueWorker.triggerType, description: "Queue core module", requestSchema: QueueWorker.triggerSchema),
      BuiltInTriggerType(
        id: QueueWorker.oldTriggerType, description: "Queue core module", requestSchema: QueueWorker.triggerSchema,
        isMockOnly: true),
    ])

  private static let triggerSchema = BuiltInSchema.object(
    "QueueTriggerConfig",
    [
      "condition_function_id": [
        "type": ["string", "null"], "description": "Optional function ID to evaluate before invoking handler",
      ],
      "queue_config": ["description": "Queue-specific subscriber configuration"],
      "topic": ["type": "string", "description": "Queue topic to subscribe to"],
    ], required: ["topic"])

  private(set) var settings: QueueSettings
  var broker = QueueBroker()
  private(set) var host: BuiltInHost?
  private(set) var saver: QueueSaver?
  /// Whether `turnCame` is on its way.
  private var isTurnAsked = false
  private var timer: TimerToken?
  private var awaited: UInt64?
  private var isStopping = false
  /// Drains that tests wait for.
  var drains: [QueueDrain] = []
  private var noted = NotedCauses(limit: 1000)

  /// Jobs that are started before other work of the engine has its turn.
  private static let startsPerTurn = 512

  init(_ settings: QueueSettings) { self.settings = settings }

  // MARK: Life

  func start(_ host: BuiltInHost) throws(MockEngineError) {
    let isStrict = !host.compatibility.extendsQueues
    try check(settings, isStrict: isStrict)
    let rules = QueueRules(
      fidelity: isStrict ? .polled : settings.fidelity, groupsRunInParallel: !isStrict,
      subscriptionsSetRetries: !isStrict)
    let location = settings.adapter.store.location
    let jobs = try host.table(QueueJobRow.self, at: location)
    let progress = try host.table(QueueProgressRow.self, at: location)
    let definitions = try host.table(QueueDefinitionRow.self, at: location)
    let saver = QueueSaver(jobs.store, jobs.table, progress.table, definitions.table) { [weak host] in host?.warn($0) }
    self.host = host
    self.saver = saver
    broker = QueueBroker(
      rules: rules, topicPolicy: settings.adapter.policy, isDurable: saver.isDurable, random: host.random)
    let moment = self.moment
    for definition in settings.queues { broker.declare(definition, at: moment) }
    if !isStrict {
      for row in definitions.rows { declareAgain(row, at: moment) }
      if broker.declared["default"] == nil { broker.declare(QueueDefinition(name: "default"), at: moment) }
    }
    broker.restore(jobs.rows, progress.rows, at: moment)
    warnOfUndeclared()
    act()
  }

  /// Queues are declared, and declared again with other settings; their jobs stay. A queue that is no longer declared, and
  /// another adapter, take effect at the next start.
  func reload(_ settings: any BuiltInSettings) throws(MockEngineError) -> Bool {
    guard let new = settings as? QueueSettings, let host else { return false }
    try check(new, isStrict: !host.compatibility.extendsQueues)
    let moment = self.moment
    for definition in new.queues where !self.settings.queues.contains(definition) {
      broker.declare(definition, at: moment)
    }
    let areAllDeclared = self.settings.queues.allSatisfy { old in new.queues.contains { $0.name == old.name } }
    self.settings.queues = new.queues
    act()
    return areAllDeclared && new.adapter == self.settings.adapter
  }

  private func check(_ settings: QueueSettings, isStrict: Bool) throws(MockEngineError) {
    if let problem = settings.queues.lazy.compactMap(\.problem).first { throw .configuration(problem) }
    guard isStrict, let problem = settings.extensions.first else { return }
    throw .configuration(
      "failed to create worker '\(manifest.name)': Failed to create \(manifest.name): \(problem.problem)\n"
        + "Hint: queue '\(problem.queue)' is set to something that a strict engine does not know")
  }

  /// A queue that was declared while an earlier engine ran; the configuration goes before it.
  private func declareAgain(_ row: QueueDefinitionRow, at moment: JobMoment) {
    let name = String(decoding: row.name, as: UTF8.self)
    guard broker.declared[ByteKey(name)] == nil else { return }
    let config = row.config.withView { try? JSONParser.parse($0) } ?? .null
    guard let definition = try? QueueDefinition(name: name, config: config) else { return }
    broker.declare(definition, at: moment)
  }

  /// Jobs of queues that the configuration no longer has are kept, and reported.
  private func warnOfUndeclared() {
    for queue in broker.all where queue.definition == nil && queue.key.hasPrefix("__fn_queue::") {
      let count = queue.waitingCount + queue.delayed.count + queue.dead.count
      guard count > 0 else { continue }
      let name = String(queue.key.text.dropFirst("__fn_queue::".count))
      host?.warn(
        "the store has \(count) jobs of queue '\(name)', which is not declared: they wait until it is declared again; "
          + "their key is '\(queue.key)'")
    }
  }

  func reset() {
    broker.reset()
    for drain in drains { drain.done(.success(drain.attempts.map { DrainedDelivery($0) })) }
    drains = []
    act()
  }

  func takeOver(_ old: any BuiltInWorker) {
    guard let old = old as? QueueWorker else { return }
    if !broker.isDurable { broker.takeOverJobs(of: old.broker, at: moment) }
    broker.takeOverControls(of: old.broker)
    act()
  }

  func engineStops() { isStopping = true }

  func stop() {
    isStopping = true
    for drain in drains { drain.done(.failure(.stopped)) }
    drains = []
  }

  // MARK: The broker's actions

  var moment: JobMoment {
    JobMoment(now: host?.now ?? 0, wall: (host?.wallClock ?? 0) / 1_000_000)
  }

  /// Carries out what the broker has asked for, and has it asked again when there is something to do.
  func act() {
    guard let host, !isStopping else { return }
    carryOut(host)
    if broker.hasWork {
      if !isTurnAsked { host.continueSoon() }
      isTurnAsked = true
    } else {
      setTimer(host)
    }
  }

  private func carryOut(_ host: BuiltInHost) {
    var changes: [QueueSaver.Change] = []
    for action in broker.takeActions() {
      switch action {
      case .call(let token, let functionID, let slot, let delivery, let timeout):
        host.deliver(
          functionID, broker.jobs[slot].data, trace: broker.jobs[slot].trace, delivery: delivery,
          token: CallToken(token), deadline: timeout)
      case .check(let token, let condition, let slot, let trigger):
        host.check(
          condition: condition, broker.jobs[slot].data, trigger: trigger, token: CallToken(token))
      case .remove(let number, let hasProgress): changes.append(.remove(number: number, hasProgress: hasProgress))
      case .saveProgress(let slot):
        let died = broker.jobs[slot].state == .dead ? broker.newNumber() : 0
        changes.append(.progress(QueueProgressRow(broker.jobs[slot], died: died)))
      case .save(let slot):
        changes.append(.save(QueueJobRow(broker.jobs[slot], queue: broker[broker.jobs[slot].queue].key)))
      case .attempted(let attempt): note(attempt, host)
      case .drained(let queue): drained(queue)
      }
    }
    if !changes.isEmpty { saver?.save(changes) }
  }

  private func note(_ attempt: QueueAttempt, _ host: BuiltInHost) {
    for index in drains.indices where drains[index].queues.contains(attempt.queue) {
      drains[index].attempts.append(attempt)
    }
    guard attempt.isDead else { return }
    let failure = attempt.attempt.failure
    host.note(
      .jobFailed(
        queue: attempt.queueName.text, jobID: attempt.jobID.description, functionID: attempt.functionID?.text ?? "",
        attempts: Int(attempt.number), code: failure?.code ?? "", message: failure?.message ?? ""))
  }

  private func setTimer(_ host: BuiltInHost) {
    let next = broker.nextWake
    guard next != awaited else { return }
    if let timer { host.cancel(timer) }
    awaited = next
    timer = next.flatMap { host.schedule(at: $0) }
  }

  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {
    guard token == timer else { return }
    timer = nil
    awaited = nil
    broker.wake(at: moment)
    pump()
  }

  func turnCame(_ kernel: borrowing KernelView) {
    isTurnAsked = false
    pump()
  }

  private func pump() {
    guard let host, !isStopping else { return }
    broker.pump(at: moment, limit: QueueWorker.startsPerTurn)
    carryOut(host)
    if broker.hasWork {
      if !isTurnAsked { host.continueNextTurn() }
      isTurnAsked = true
    } else {
      setTimer(host)
    }
  }

  // MARK: Calls that have ended

  /// The kernel has given a delivery to a worker.
  func deliveryBegun(_ token: CallToken, with worker: WorkerRecord) { broker.begun(token.number, with: worker) }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {
    // An engine that stops drops its workers: that is no failure of the jobs that they have.
    guard !isStopping else { return }
    switch outcome {
    case .value, .nothing: broker.ended(token.number, .success, at: moment)
    case .failure(let failure): broker.ended(token.number, .failure(failure), at: moment)
    }
    act()
  }

  func conditionDecided(_ token: CallToken, _ verdict: ConditionVerdict) {
    guard !isStopping else { return }
    broker.decided(token.number, verdict, at: moment)
    act()
  }

  // MARK: Subscriptions

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    if let old { broker.unsubscribe(old.sequence, at: moment) }
    let config = trigger.config.withView { try? JSONParser.parse($0) } ?? .null
    let acceptsQueue = host?.compatibility.extendsQueues ?? true
    if let settings = QueueTriggerSettings(config, settings.adapter, acceptsQueue: acceptsQueue) {
      broker.subscribe(trigger.sequence, trigger: trigger.id, trigger.functionID, settings, at: moment)
    } else {
      host?.warn(
        "subscription '\(trigger.id.text)' of function '\(trigger.functionID.text)' names no topic and is never called; "
          + "set `topic` in its config to a string that is not empty")
    }
    act()
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) {
    broker.unsubscribe(trigger.sequence, at: moment)
    act()
  }

  // MARK: The log

  /// A line for the log, once for each cause.
  func warn(once cause: String, _ text: String) {
    if noted.isFirst(cause) { host?.warn(text) }
  }
}

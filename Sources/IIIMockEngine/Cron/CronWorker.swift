internal import III

/// `iii-cron`: calls functions at the seconds that cron expressions match, in UTC.
///
/// One job never runs twice at a time: it waits for its next moment when its function has answered.
final class CronWorker: BuiltInWorker {
  static let triggerType = "cron"

  let manifest = BuiltInManifest(
    name: CronSettings.workerName,
    triggerTypes: [
      BuiltInTriggerType(
        id: CronWorker.triggerType, description: "Cron-based scheduled triggers",
        requestSchema: CronTriggerConfig.schema, callSchema: CronTriggerConfig.callSchema)
    ])

  private struct Job {
    let trigger: TriggerEntry
    let conditionFunctionID: ByteKey?
  }

  private struct Running {
    let run: CronSchedule<Job>.Run
    let payload: [UInt8]
    /// Who asked for the run, if it was not due.
    var done: ((FiringOutcome) -> Void)?
  }

  /// How a run has ended that was asked for.
  enum FiringOutcome: Sendable {
    case ran
    /// The condition function answered `false`.
    case skipped
    case failed(InvocationFailure)
    /// The engine shut down first.
    case stopped
  }

  /// Runs that begin in one turn of the loop, before others have their turn.
  private static let runsPerTurn = 256

  private var host: BuiltInHost?
  private var schedule = CronSchedule<Job>()
  private var running: [UInt64: Running] = [:]
  private var lastToken: UInt64 = 0
  private var timer: TimerToken?
  /// The moment that `timer` waits for.
  private var awaited: UInt64?

  func start(_ host: BuiltInHost) { self.host = host }

  /// There are no functions.
  /// There is nothing to set: the adapter is always this engine's.
  func reload(_ settings: any BuiltInSettings) -> Bool { true }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply { .nothing }

  // MARK: Jobs

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    guard let host else { return nil }
    let config: CronTriggerConfig
    do {
      config = try trigger.config.withView { try CronTriggerConfig($0) }
    } catch {
      return .refused((error as? CronError)?.reason ?? "\(error)")
    }
    let job = Job(trigger: trigger, conditionFunctionID: config.conditionFunctionID)
    guard schedule.add(trigger.id, config.expression, job, now: host.wallClock) else {
      return .refused("Cron job '\(trigger.id.text)' is already registered")
    }
    setTimer()
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) {
    schedule.remove(trigger.id)
    setTimer()
  }

  // MARK: Time

  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {
    guard let host, token == timer else { return }
    timer = nil
    awaited = nil
    for run in schedule.due(now: host.wallClock, limit: CronWorker.runsPerTurn) { begin(run) }
    setTimer()
  }

  /// Waits for the next moment of all jobs.
  private func setTimer() {
    guard let host, schedule.nextMoment != awaited else { return }
    if let timer { host.cancel(timer) }
    awaited = schedule.nextMoment
    timer = awaited.flatMap { host.schedule(atWallClock: $0) }
  }

  // MARK: Runs

  /// Runs a job now; `false` if there is no such job, or it is running. `done` is called when the run has ended.
  func fire(_ id: String, then done: @escaping (FiringOutcome) -> Void) -> Bool {
    guard let host, let run = schedule.fire(ByteKey(id), now: host.wallClock) else { return false }
    begin(run, then: done)
    setTimer()
    return true
  }

  private func begin(_ run: CronSchedule<Job>.Run, then done: ((FiringOutcome) -> Void)? = nil) {
    guard let host else { return }
    let payload: JSONValue = [
      "actual_time": .string(UTCTime.text(nanoseconds: host.wallClock)), "job_id": .string(run.job.trigger.id.text),
      "scheduled_time": .string(UTCTime.text(nanoseconds: run.scheduled)), "trigger": "cron",
    ]
    lastToken += 1
    let token = CallToken(lastToken)
    let bytes = payload.jsonBytes
    running[token.number] = Running(run: run, payload: bytes, done: done)
    if let condition = run.job.conditionFunctionID {
      host.check(condition: condition, bytes, trigger: run.job.trigger.id, token: token)
    } else {
      host.fire(run.job.trigger, bytes, token: token)
    }
  }

  func conditionDecided(_ token: CallToken, _ verdict: ConditionVerdict) {
    guard let one = running[token.number] else { return }
    switch verdict {
    // A job that was unregistered meanwhile does not run any more.
    case .holds where schedule.isRunning(one.run): host?.fire(one.run.job.trigger, one.payload, token: token)
    case .holds, .fails: end(token, .skipped)
    case .undecided(let failure): end(token, .failed(failure))
    }
  }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {
    guard let one = running[token.number] else { return }
    guard case .failure(let failure) = outcome else { return end(token, .ran) }
    let trigger = one.run.job.trigger
    host?.warn(
      "job '\(trigger.id.text)': function '\(trigger.functionID.text)' failed: \(failure.code): \(failure.message)")
    end(token, .failed(failure))
  }

  private func end(_ token: CallToken, _ outcome: FiringOutcome) {
    guard let host, let one = running.removeValue(forKey: token.number) else { return }
    schedule.ended(one.run, now: host.wallClock)
    setTimer()
    one.done?(outcome)
  }

  func stop() {
    for one in running.valuesInOrder { one.done?(.stopped) }
    running = [:]
  }
}

extension InvocationFailure {
  /// Why a trigger is not registered.
  static func refused(_ reason: String) -> InvocationFailure {
    InvocationFailure(code: "trigger_registration_failed", message: reason)
  }
}

internal import III

extension QueueBroker {
  // MARK: Jobs

  /// Puts a job into the table: it waits once `admit` is called.
  mutating func prepare(
    _ queue: UInt32, data: [UInt8], target: JobTarget?, receipt: UUID128 = Job.noID, trace: TraceHeaders? = nil,
    at moment: JobMoment
  ) -> UInt32 {
    var job = Job()
    job.state = .saving
    job.queue = queue
    job.number = newNumber()
    job.id = newID()
    job.receipt = receipt
    job.target = target
    job.data = data
    job.trace = trace
    // A job of a topic has the policy of topics, whatever queue it is published to.
    job.policy = target == nil ? topicPolicy : self[queue].policy
    job.createdAt = moment.wall
    self[queue].saving += 1
    return jobs.insert(job)
  }

  /// The job is saved, or need not be: it waits at the end of its queue.
  mutating func admit(_ slot: UInt32) {
    let queue = jobs[slot].queue
    self[queue].saving -= 1
    all[Int(queue)].append(slot, &jobs)
    // A paused queue is looked at when it is resumed or drained.
    if !all[Int(queue)].isPaused || all[Int(queue)].drain != nil { makeReady(queue) }
  }

  /// The job could not be saved: it is forgotten.
  mutating func abandon(_ slot: UInt32) {
    let queue = jobs[slot].queue
    self[queue].saving -= 1
    jobs.remove(slot)
    makeReady(queue)
  }

  /// The job is done.
  mutating func remove(_ slot: UInt32) {
    if isDurable { add(.remove(number: jobs[slot].number, hasProgress: jobs[slot].hasProgress)) }
    jobs.remove(slot)
  }

  // MARK: Starting

  /// Starts jobs of a queue; returns how many.
  mutating func deliver(_ queue: UInt32, _ limit: Int, at moment: JobMoment) -> Int {
    if all[Int(queue)].drain != nil { return drain(queue, at: moment) }
    guard !all[Int(queue)].isPaused else { return 0 }
    var started = retryInPlace(queue, at: moment)
    let looking = self[queue].consumers.indices.filter { self[queue].consumers[$0].looks(now: moment.now) }
    guard !looking.isEmpty else { return started }
    all[Int(queue)].promote(now: moment.now, &jobs)
    var taken = Array(repeating: 0, count: looking.count)
    var progresses = true
    while progresses && started < limit {
      progresses = false
      for (place, index) in looking.enumerated() where self[queue].consumers[index].hasRoom && started < limit {
        guard let slot = all[Int(queue)].pop(&jobs) else { break }
        started += 1
        taken[place] += 1
        progresses = true
        start(slot, index, at: moment)
      }
    }
    let isEmpty = !self[queue].hasDeliverable
    for (place, index) in looking.enumerated() {
      self[queue].consumers[index].looked(now: moment.now, taken: taken[place], isEmpty: isEmpty)
    }
    return started
  }

  /// Delivers again what waits in place and is due.
  private mutating func retryInPlace(_ queue: UInt32, at moment: JobMoment) -> Int {
    var started = 0
    for index in self[queue].consumers.indices {
      guard let backoff = self[queue].consumers[index].backoff, backoff.until <= moment.now else { continue }
      self[queue].consumers[index].backoff = nil
      started += 1
      start(backoff.slot, index, at: moment)
    }
    return started
  }

  /// Delivers a job that is active.
  mutating func start(_ slot: UInt32, _ index: Int, at moment: JobMoment) {
    let queue = jobs[slot].queue
    let consumer = self[queue].consumers[index]
    self[queue].consumers[index].running += 1
    lastDelivery &+= 1
    let target = consumer.target ?? jobs[slot].target
    let number = deliveries.insert(
      JobDelivery(
        slot: slot, generation: lastDelivery, consumer: consumer.id, begunAt: moment.wall, target: target))
    let token = UInt64(lastDelivery) << 32 | UInt64(number)
    if let condition = consumer.condition {
      add(.check(token: token, condition: condition, slot: slot, trigger: consumer.triggerID))
    } else {
      call(token, slot, target, consumer.timeout, at: moment)
    }
  }

  private mutating func call(
    _ token: UInt64, _ slot: UInt32, _ target: JobTarget?, _ timeout: Duration?, at moment: JobMoment
  ) {
    // What is published to the key of a declared queue names no function.
    guard let target else { return ended(token, .failure(.noFunction), at: moment) }
    let job = jobs[slot]
    var delivery = self[job.queue].deliveryPrefix
    delivery += "\(job.attempts + 1)}".utf8
    add(.call(token: token, functionID: target.functionID, slot: slot, delivery: delivery, timeout: timeout))
  }

  /// The delivery of a token, if it has not ended.
  private func delivery(_ token: UInt64) -> JobDelivery? {
    let number = UInt32(truncatingIfNeeded: token)
    guard Int(number) < deliveries.capacity, let delivery = deliveries[number],
      delivery.generation == UInt32(truncatingIfNeeded: token >> 32)
    else { return nil }
    return delivery
  }

  // MARK: Ending

  /// A delivery's call was begun with a worker.
  mutating func begun(_ token: UInt64, with worker: WorkerRecord) {
    guard delivery(token) != nil else { return }
    deliveries[UInt32(truncatingIfNeeded: token)]?.worker = worker
  }

  /// A condition has been decided.
  mutating func decided(_ token: UInt64, _ verdict: ConditionVerdict, at moment: JobMoment) {
    guard let delivery = delivery(token) else { return }
    if jobs[delivery.slot].state == .forgotten { return ended(token, .success, at: moment) }
    switch verdict {
    case .holds: call(token, delivery.slot, delivery.target, consumer(of: delivery)?.timeout, at: moment)
    case .fails: ended(token, .success, at: moment)
    case .undecided(let failure): ended(token, .conditionFailure(failure), at: moment)
    }
  }

  enum Outcome {
    case success
    case failure(InvocationFailure)
    /// The condition function failed, so the job's function was not called.
    case conditionFailure(InvocationFailure)
  }

  private func consumer(of delivery: JobDelivery) -> QueueConsumer? {
    self[jobs[delivery.slot].queue].consumers.first { $0.id == delivery.consumer }
  }

  /// A delivery has ended; without effect if it has ended already.
  mutating func ended(_ token: UInt64, _ outcome: Outcome, at moment: JobMoment) {
    guard let delivery = delivery(token) else { return }
    _ = deliveries.remove(UInt32(truncatingIfNeeded: token))
    let slot = delivery.slot
    let queue = jobs[slot].queue
    let index = self[queue].consumers.firstIndex { $0.id == delivery.consumer }
    if let index { self[queue].consumers[index].running -= 1 }
    makeReady(queue)
    switch jobs[slot].state == .forgotten ? .success : outcome {
    case .success: succeeded(slot, delivery, at: moment)
    case .failure(let failure): failed(slot, delivery, index, failure, failure.debugText, at: moment)
    case .conditionFailure(let failure):
      let text = "Condition function error: "
      let shown = InvocationFailure(
        code: failure.code, message: text + failure.message, stacktrace: failure.stacktrace)
      failed(slot, delivery, index, shown, text + failure.debugText, at: moment)
    }
  }

  private mutating func succeeded(_ slot: UInt32, _ delivery: JobDelivery, at moment: JobMoment) {
    let queue = jobs[slot].queue
    let attempt = JobAttempt(
      begunAt: delivery.begunAt, endedAt: moment.wall, worker: delivery.worker?.label, failure: nil)
    report(slot, delivery, attempt, number: jobs[slot].attempts + 1, isDead: false)
    self[queue].active -= 1
    if self[queue].redeliversAlways && !jobs[slot].isRepeated && jobs[slot].state != .forgotten {
      jobs[slot].isRepeated = true
      note(attempt, of: slot)
      self[queue].drain?.remaining += 1
      return all[Int(queue)].putBack(slot, &jobs)
    }
    all[Int(queue)].groups?.end(slot, jobs)
    remove(slot)
  }

  private mutating func failed(
    _ slot: UInt32, _ delivery: JobDelivery, _ index: Int?, _ failure: InvocationFailure,
    _ error: @autoclosure () -> String, at moment: JobMoment
  ) {
    let queue = jobs[slot].queue
    let attempt = JobAttempt(
      begunAt: delivery.begunAt, endedAt: moment.wall, worker: delivery.worker?.label, failure: failure)
    note(attempt, of: slot)
    let attempts = jobs[slot].attempts + 1
    jobs[slot].attempts = attempts
    let consumer = index.map { self[queue].consumers[$0] }
    let policy = consumer?.policy ?? jobs[slot].policy
    guard attempts < policy.maxAttempts, !self[queue].retriesAreDisabled else {
      self[queue].active -= 1
      all[Int(queue)].groups?.end(slot, jobs)
      // Dead letters of declared queues do not say why.
      let isOfTopic = jobs[slot].target == nil && delivery.target != nil
      return die(slot, delivery, attempt, isOfTopic ? error() : QueueBroker.callFailed, at: moment)
    }
    report(slot, delivery, attempt, number: attempts, isDead: false)
    let backoff = policy.backoff(after: attempts)
    let due = moment.now.advanced(by: .milliseconds(Int64(clamping: backoff)))
    jobs[slot].processAt = moment.wall.addingReportingOverflow(backoff).overflow ? .max : moment.wall + backoff
    if let index, let consumer, consumer.retriesInPlace {
      self[queue].consumers[index].backoff = .init(slot: slot, until: due)
    } else {
      self[queue].active -= 1
      all[Int(queue)].delay(slot, until: due, &jobs)
    }
    saveProgress(slot)
  }

  /// What a dead letter of a declared queue says.
  static let callFailed = "function call failed"

  private mutating func die(
    _ slot: UInt32, _ delivery: JobDelivery, _ attempt: JobAttempt, _ error: String, at moment: JobMoment
  ) {
    jobs[slot].details?.error = Array(error.utf8)
    jobs[slot].details?.failedAt = moment.wall
    bury(slot)
    report(slot, delivery, attempt, number: jobs[slot].attempts, isDead: true)
    saveProgress(slot)
  }

  /// Makes a job the newest dead letter of its queue.
  mutating func bury(_ slot: UInt32) {
    jobs[slot].state = .dead
    all[Int(jobs[slot].queue)].dead.prepend(slot, &jobs)
    _ = deadSlots.set(jobs[slot].id, slot)
  }

  mutating func saveProgress(_ slot: UInt32) {
    guard isDurable else { return }
    jobs[slot].hasProgress = true
    add(.saveProgress(slot: slot))
  }

  private mutating func note(_ attempt: JobAttempt, of slot: UInt32) {
    let details = jobs[slot].details ?? JobDetails()
    details.add(attempt)
    jobs[slot].details = details
  }

  private mutating func report(
    _ slot: UInt32, _ delivery: JobDelivery, _ attempt: JobAttempt, number: UInt32, isDead: Bool
  ) {
    let queue = jobs[slot].queue
    // Only a drain lists what succeeded.
    guard attempt.failure != nil || self[queue].drain != nil else { return }
    add(
      .attempted(
        QueueAttempt(
          queue: queue, queueName: self[queue].name, jobID: jobs[slot].id,
          functionID: delivery.target?.functionID, data: jobs[slot].data, number: number, attempt: attempt,
          isDead: isDead)))
  }
}

extension InvocationFailure {
  /// The failure of a delivery that names no function.
  static let noFunction = InvocationFailure(
    code: "function_not_found", message: "the job was published to the queue's key, so it names no function")

  /// The failure in the real engine's debug form, as dead letters of topics have it.
  var debugText: String {
    let trace = stacktrace.map { "Some(\(RustText.debug($0)))" } ?? "None"
    return
      "ErrorBody { code: \(RustText.debug(code)), message: \(RustText.debug(message)), stacktrace: \(trace) }"
  }
}

/// The debug form of strings of the language Rust.
enum RustText {
  static func debug(_ text: String) -> String {
    var output = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": output += "\\\""
      case "\\": output += "\\\\"
      case "\n": output += "\\n"
      case "\r": output += "\\r"
      case "\t": output += "\\t"
      case "\0": output += "\\0"
      case _ where isPrintable(scalar): output.unicodeScalars.append(scalar)
      default: output += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return output + "\""
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    if scalar == " " { return true }
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
      .spaceSeparator:
      return false
    default: return !scalar.properties.isGraphemeExtend
    }
  }
}

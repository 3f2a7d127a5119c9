internal import III

/// What tests ask of a queue.
extension QueueBroker {
  /// Stops or resumes the deliveries of a name's queues.
  mutating func setPaused(_ isPaused: Bool, _ name: ByteKey) {
    for queue in queues(named: name) {
      self[queue].isPaused = isPaused
      makeReady(queue)
    }
  }

  mutating func setRetries(disabled: Bool, _ name: ByteKey) {
    for queue in queues(named: name) {
      self[queue].retriesAreDisabled = disabled
      makeReady(queue)
    }
  }

  mutating func setRedelivery(always: Bool, _ name: ByteKey) {
    for queue in queues(named: name) {
      self[queue].redeliversAlways = always
      makeReady(queue)
    }
  }

  /// Takes over what tests have set in a broker before a restart.
  mutating func takeOverControls(of old: QueueBroker) {
    for former in old.all where former.isPaused || former.retriesAreDisabled || former.redeliversAlways {
      let queue = queue(former.key, name: former.name)
      self[queue].isPaused = former.isPaused
      self[queue].retriesAreDisabled = former.retriesAreDisabled
      self[queue].redeliversAlways = former.redeliversAlways
    }
  }

  /// Removes what waits, waits for a retry or is dead; returns how many jobs. Those that run go on.
  mutating func clear(_ name: ByteKey) -> Int {
    var count = 0
    for queue in queues(named: name) { count += clear(queue) }
    return count
  }

  private mutating func clear(_ queue: UInt32) -> Int {
    let before = jobs.count
    for slot in self[queue].dead.slots(jobs) { discard(slot) }
    var slots = all[Int(queue)].groups?.removeAll(&jobs) ?? []
    slots += self[queue].retries.slots(jobs) + self[queue].waiting.slots(jobs)
    self[queue].retries = JobList()
    self[queue].waiting = JobList()
    while let slot = self[queue].delayed.popDue(now: .max) {
      all[Int(queue)].groups?.end(slot, jobs)
      slots.append(slot)
    }
    for slot in slots {
      if isDurable { add(.remove(number: jobs[slot].number, hasProgress: jobs[slot].hasProgress)) }
      jobs.remove(slot)
    }
    makeReady(queue)
    return before - jobs.count
  }

  /// Forgets all jobs and what tests have set. Declarations and subscriptions stay; deliveries that run end without a retry.
  mutating func reset() {
    for index in all.indices {
      let queue = UInt32(index)
      self[queue].isPaused = false
      self[queue].retriesAreDisabled = self[queue].definition?.retriesAreDisabled ?? false
      self[queue].redeliversAlways = self[queue].definition?.redeliversAlways ?? false
      self[queue].drain = nil
      for consumer in self[queue].consumers.indices {
        guard let backoff = self[queue].consumers[consumer].backoff else { continue }
        self[queue].consumers[consumer].backoff = nil
        self[queue].active -= 1
        all[index].groups?.end(backoff.slot, jobs)
        remove(backoff.slot)
      }
      _ = clear(queue)
    }
    for delivery in deliveries.all { jobs[delivery.slot].state = .forgotten }
  }

  // MARK: Draining

  /// Begins to run what is due now, one job at a time, also of a paused queue; `QueueAction.drained` follows for each
  /// of the queues that are returned.
  mutating func beginDrain(_ name: ByteKey, at moment: JobMoment) -> [UInt32] {
    let queues = queues(named: name).filter { self[$0].drain == nil }
    for queue in queues {
      all[Int(queue)].promote(now: moment.now, &jobs)
      self[queue].drain = .init(remaining: self[queue].waitingCount)
      makeReady(queue)
    }
    return queues
  }

  /// Ends drains early.
  mutating func endDrain(_ queue: UInt32) {
    self[queue].drain = nil
    makeReady(queue)
  }

  /// Starts the next job of a drain, or ends it.
  mutating func drain(_ queue: UInt32, at moment: JobMoment) -> Int {
    let waitsInPlace = self[queue].consumers.filter { $0.backoff != nil }.count
    guard self[queue].active == waitsInPlace else { return 0 }
    if let drain = self[queue].drain, drain.remaining > 0, let index = self[queue].consumers.indices.first,
      let slot = all[Int(queue)].pop(&jobs)
    {
      self[queue].drain?.remaining -= 1
      start(slot, index, at: moment)
      return 1
    }
    self[queue].drain = nil
    add(.drained(queue: queue))
    makeReady(queue)
    return 0
  }

  // MARK: Listing

  /// The jobs of a name in the states given, in the order of their numbers.
  func slots(_ name: ByteKey, _ isListed: (Job.State) -> Bool) -> [UInt32] {
    let queues = queues(named: name)
    var slots: [UInt32] = []
    jobs.forEach { slot in
      let job = jobs[slot]
      if isListed(job.state), queues.contains(job.queue) { slots.append(slot) }
    }
    return slots.sorted { jobs[$0].number < jobs[$1].number }
  }

  /// The running deliveries of a name, in the order of their beginning.
  func running(_ name: ByteKey) -> [JobDelivery] {
    let queues = queues(named: name)
    return deliveries.all.filter { queues.contains(jobs[$0.slot].queue) && jobs[$0.slot].state == .active }.sorted {
      $0.generation < $1.generation
    }
  }
}

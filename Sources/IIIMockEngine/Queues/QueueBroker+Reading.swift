internal import III

extension QueueBroker {
  /// The queues that a name stands for: a declared queue; the shares of a topic that has subscriptions; or what has that
  /// very key. There may be none.
  func queues(named name: ByteKey) -> [UInt32] {
    if let queue = declared[name] { return [queue] }
    if let shares = topics[name]?.shares { return shares.map(\.value.queue) }
    return find(name).map { [$0] } ?? []
  }

  struct Stats: Equatable {
    var depth = 0
    var consumers = 0
    var dead = 0
  }

  func stats(_ name: ByteKey) -> Stats {
    var stats = Stats()
    for queue in queues(named: name) {
      stats.depth += self[queue].depth
      stats.dead += self[queue].dead.count
    }
    if let queue = declared[name] {
      stats.consumers = Int(self[queue].definition?.concurrency ?? 0)
    } else {
      stats.consumers = topics[name]?.subscriptions ?? 0
    }
    return stats
  }

  /// The dead letters of a name, the newest first. Those of several functions are in the order of their seconds.
  func deadLetters(_ name: ByteKey, offset: Int, limit: Int) -> [UInt32] {
    let queues = queues(named: name)
    if queues.count == 1 { return self[queues[0]].dead.slots(jobs, offset: offset, limit: limit) }
    let (most, overflow) = offset.addingReportingOverflow(limit)
    let all = queues.flatMap { self[$0].dead.slots(jobs, limit: overflow ? .max : most) }
    let sorted = all.enumerated().sorted { a, b in
      let (x, y) = (failedSeconds(a.element), failedSeconds(b.element))
      return x == y ? a.offset < b.offset : x > y
    }
    return sorted.dropFirst(offset).prefix(limit).map(\.element)
  }

  func failedSeconds(_ slot: UInt32) -> UInt64 { (jobs[slot].details?.failedAt ?? 0) / 1000 }

  /// A row of `engine::queue::dlq_messages`.
  func row(ofDeadLetter slot: UInt32, into output: inout [UInt8]) {
    let job = jobs[slot]
    let error = JSONText.quoted(String(decoding: job.details?.error ?? [], as: UTF8.self))
    output += "{\"id\":\"\(job.id)\",\"payload\":".utf8
    output += job.data
    output += ",\"error\":".utf8
    output += error
    output +=
      ",\"failed_at\":\(failedSeconds(slot)),\"retries\":\(job.attempts),\"size_bytes\":\(size(ofDeadLetter: slot))}"
      .utf8
  }

  /// The length of a dead letter as the real engine stores it, compact JSON.
  func size(ofDeadLetter slot: UInt32) -> Int {
    let job = jobs[slot]
    func count(_ text: String?) -> Int { text.map { JSONText.quotedCount($0) } ?? 4 }
    func digits(_ number: UInt64) -> Int { "\(number)".utf8.count }
    let data = job.data.withView { (try? JSONParser.parse($0))?.jsonString().utf8.count ?? $0.count }
    var size = QueueBroker.deadLetterFrame
    size += 38 + count(self[job.queue].key.text) + data + digits(UInt64(job.attempts))
    size += digits(UInt64(job.policy.maxAttempts)) + digits(job.policy.backoffMilliseconds) + digits(job.createdAt)
    size += job.processAt == 0 ? 4 : digits(job.processAt)
    size += (job.trace?.traceparent?.count ?? 4) + (job.trace?.baggage?.count ?? 4)
    size += count(job.target?.functionID.text) + (job.receipt == Job.noID ? 4 : 38)
    size += count(job.details.map { String(decoding: $0.error, as: UTF8.self) }) + digits(job.details?.failedAt ?? 0)
    return size
  }

  /// The length of what all dead letters have in common.
  private static let deadLetterFrame =
    #"{"job":{"id":,"queue":,"data":,"attempts_made":,"max_attempts":,"backoff_delay_ms":,"created_at":,"process_at":,"#
    .utf8.count
    + #""group_id":null,"traceparent":,"baggage":,"function_id":,"message_id":},"error":,"failed_at":}"#.utf8.count

  // MARK: Dead letters

  /// Moves all dead letters of a name back to their queues, the oldest first; returns how many.
  mutating func redrive(_ name: ByteKey) -> Int {
    var count = 0
    for queue in queues(named: name) {
      while let slot = all[Int(queue)].dead.popLast(&jobs) {
        revive(slot)
        count += 1
      }
    }
    return count
  }

  /// Moves one dead letter back to its queue; returns whether the name has it.
  mutating func redrive(_ name: ByteKey, id: UUID128) -> Bool {
    guard let slot = deadLetter(name, id) else { return false }
    all[Int(jobs[slot].queue)].dead.remove(slot, &jobs)
    revive(slot)
    return true
  }

  /// The job waits at the end of its queue, with all its attempts.
  private mutating func revive(_ slot: UInt32) {
    let queue = jobs[slot].queue
    _ = deadSlots.remove(jobs[slot].id)
    if isDurable { add(.remove(number: jobs[slot].number, hasProgress: jobs[slot].hasProgress)) }
    jobs[slot].number = newNumber()
    jobs[slot].hasProgress = false
    jobs[slot].attempts = 0
    jobs[slot].isRepeated = false
    jobs[slot].details?.error = []
    jobs[slot].details?.failedAt = 0
    if isDurable { add(.save(slot: slot)) }
    all[Int(queue)].append(slot, &jobs)
    makeReady(queue)
  }

  /// Removes one dead letter; returns whether the name has it.
  mutating func discard(_ name: ByteKey, id: UUID128) -> Bool {
    guard let slot = deadLetter(name, id) else { return false }
    discard(slot)
    return true
  }

  mutating func discard(_ slot: UInt32) {
    let queue = jobs[slot].queue
    all[Int(queue)].dead.remove(slot, &jobs)
    _ = deadSlots.remove(jobs[slot].id)
    if isDurable { add(.remove(number: jobs[slot].number, hasProgress: jobs[slot].hasProgress)) }
    jobs.remove(slot)
    makeReady(queue)
  }

  private func deadLetter(_ name: ByteKey, _ id: UUID128) -> UInt32? {
    guard let slot = deadSlots[id], queues(named: name).contains(jobs[slot].queue) else { return nil }
    return slot
  }
}

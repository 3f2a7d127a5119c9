internal import III

/// The jobs of one key: those that wait, run, wait for a retry, or are dead letters.
struct JobQueue {
  let key: ByteKey
  /// What deliveries, log lines and listings call it: the name of a declared queue, or a topic.
  var name: ByteKey
  /// The beginning of a delivery's `delivery` member, up to the attempt.
  let deliveryPrefix: [UInt8]
  /// What a declared queue is set to.
  var definition: QueueDefinition?
  var policy = JobPolicy.none
  var waiting = JobList()
  /// Retries that are due, and jobs that were put back: they come before `waiting`.
  var retries = JobList()
  /// The waiting jobs in place of both lists, if groups run in parallel.
  var groups: JobGroups?
  /// By the engine's time source.
  var delayed = TimerHeap<UInt32>()
  /// The newest first.
  var dead = JobList()
  var active = 0
  /// Jobs that are on their way to the disk.
  var saving = 0
  var consumers: [QueueConsumer] = []
  var isPaused = false
  var drain: Drain?
  var retriesAreDisabled = false
  var redeliversAlways = false
  /// Whether it is in the list of queues to be looked at.
  var isReady = false
  var wake: (token: TimerToken, moment: UInt64)?

  /// A run of what was due when it was asked for, one job at a time.
  struct Drain {
    var remaining: Int
  }

  init(key: ByteKey, name: ByteKey) {
    self.key = key
    self.name = name
    deliveryPrefix =
      Array("{\"queue\":".utf8) + JSONText.quoted(name.text) + Array(",\"attempt\":".utf8)
  }

  /// The free place of a queue that was removed.
  static var none: JobQueue { JobQueue(key: "", name: "") }

  /// Jobs that can be delivered now or later without a further event, apart from free groups.
  var waitingCount: Int { groups?.count ?? (waiting.count + retries.count) }
  /// Whether a job can be delivered now.
  var hasDeliverable: Bool { groups?.hasReady ?? (waiting.count + retries.count > 0) }
  /// As statistics count: what waits and what runs.
  var depth: Int { waitingCount + active }
  /// Whether nobody would miss it.
  var isUnused: Bool {
    definition == nil && consumers.isEmpty && waitingCount == 0 && active == 0 && delayed.isEmpty && dead.isEmpty
      && saving == 0 && drain == nil && !isPaused && !retriesAreDisabled && !redeliversAlways
  }

  /// The name of the field that groups jobs, if there is one.
  var groupField: ByteKey? { definition?.groupField.map { ByteKey($0) } }

  // MARK: Order

  mutating func append(_ slot: UInt32, _ jobs: inout JobTable) {
    jobs[slot].state = .waiting
    if groups != nil {
      let key = groupKey(jobs[slot])
      groups?.append(slot, key: key, &jobs)
    } else {
      waiting.append(slot, &jobs)
    }
  }

  /// The next job, which is active from now on.
  mutating func pop(_ jobs: inout JobTable) -> UInt32? {
    let slot = groups == nil ? retries.popFirst(&jobs) ?? waiting.popFirst(&jobs) : groups?.pop(&jobs)
    guard let slot else { return nil }
    jobs[slot].state = .active
    active += 1
    return slot
  }

  /// Puts back a job that was active or delayed: it comes before those that have not been tried.
  mutating func putBack(_ slot: UInt32, _ jobs: inout JobTable) {
    jobs[slot].state = .waiting
    if groups != nil { groups?.requeue(slot, &jobs) } else { retries.append(slot, &jobs) }
  }

  /// Moves the retries that are due to the jobs that wait, in the order of their due times.
  mutating func promote(now: UInt64, _ jobs: inout JobTable) {
    while let slot = delayed.popDue(now: now) { putBack(slot, &jobs) }
  }

  /// Enters a job that was read from the store and waits for its retry.
  mutating func delay(_ slot: UInt32, until due: UInt64, _ jobs: inout JobTable) {
    jobs[slot].state = .delayed
    delayed.insert(at: due, slot)
  }

  mutating func holdGroup(of slot: UInt32, _ jobs: inout JobTable) {
    guard groups != nil else { return }
    let key = groupKey(jobs[slot])
    groups?.hold(slot, key: key, &jobs)
  }

  private func groupKey(_ job: Job) -> [UInt8] {
    guard let field = groupField else { return [] }
    return job.data.withView { data in JobGroups.value(of: field, in: data).map { JobGroups.key(of: $0) } ?? [] }
  }
}

internal import III

/// What a broker asks to be done, in order.
enum QueueAction {
  /// Call a function; `ended` follows with the token's outcome.
  case call(token: UInt64, functionID: ByteKey, slot: UInt32, delivery: [UInt8], timeout: Duration?)
  /// Ask a condition function; `decided` follows.
  case check(token: UInt64, condition: ByteKey, slot: UInt32, trigger: ByteKey)
  /// The job's row is to go: the job was answered, discarded or given a new number.
  case remove(number: UInt64, hasProgress: Bool)
  /// What has become of a job is to be saved.
  case saveProgress(slot: UInt32)
  /// The job is to be saved under its number.
  case save(slot: UInt32)
  /// A delivery has ended.
  case attempted(QueueAttempt)
  /// All that was due when a drain was asked for has run.
  case drained(queue: UInt32)
}

/// A delivery that has ended, and what it was about.
struct QueueAttempt: Sendable {
  let queue: UInt32
  let queueName: ByteKey
  let jobID: UUID128
  let functionID: ByteKey?
  let data: [UInt8]
  /// Counted from 1.
  let number: UInt32
  let attempt: JobAttempt
  /// Whether the job is a dead letter now.
  let isDead: Bool
}

/// Queues, their jobs and who is delivered what, as a plain value: events go in, actions come out.
///
/// Every step costs the same however many jobs and queues there are; one that sets or ends a wait is O(log n).
struct QueueBroker {
  let rules: QueueRules
  /// Whether rows are to be kept: actions about them are made only then.
  let isDurable: Bool
  var jobs = JobTable()
  var all: [JobQueue] = []
  private var freeQueues: [UInt32] = []
  private var numbers = ByteTable<UInt32>()
  /// Declared queues by name, in their order.
  private(set) var declared = OrderedTable<ByteKey, UInt32>()
  private var declaredNumbers = ByteTable<UInt32>()
  var topics = OrderedTable<ByteKey, QueueTopic>()
  var subscriptions: [UInt64: QueueSubscription] = [:]
  /// Of subscribed topics.
  var topicPolicy: JobPolicy
  var deliveries = NumberedValues<JobDelivery>()
  var lastDelivery: UInt32 = 0
  /// The slots of dead letters.
  var deadSlots = IDTable<UInt32>()
  private var lastNumber: UInt64 = 0
  private var ready = FIFO<UInt32>()
  private var wakes = TimerHeap<UInt32>()
  private(set) var actions: [QueueAction] = []
  private var targets = JobTargets()
  private var ids = UUIDGenerator()
  /// Ids, where the engine has a seed.
  private let random: SeededRandom?

  init(
    rules: QueueRules = QueueRules(), topicPolicy: JobPolicy = JobPolicy.topics, isDurable: Bool = false,
    random: SeededRandom? = nil
  ) {
    self.random = random
    self.rules = rules
    self.topicPolicy = topicPolicy
    self.isDurable = isDurable
  }

  /// What has been asked for since the last call.
  mutating func takeActions() -> [QueueAction] {
    let taken = actions
    actions.removeAll(keepingCapacity: taken.count <= 1024)
    return taken
  }

  mutating func add(_ action: QueueAction) { actions.append(action) }

  mutating func newID() -> UUID128 { random?.id() ?? ids.next() }

  mutating func newNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }

  /// Numbers that the store has are not given again.
  mutating func skipNumbers(to number: UInt64) { lastNumber = max(lastNumber, number) }

  mutating func target(_ functionID: ByteView) -> JobTarget { targets.target(functionID) }

  // MARK: Queues

  /// The number of the queue with a key; it is made if there is none.
  mutating func queue(_ key: ByteKey, name: ByteKey? = nil) -> UInt32 {
    if let entry = numbers.find(key), let number = numbers[entry] { return number }
    let queue = JobQueue(key: key, name: name ?? key)
    let number: UInt32
    if let free = freeQueues.popLast() {
      number = free
      all[Int(number)] = queue
    } else {
      number = UInt32(all.count)
      all.append(queue)
    }
    all[Int(number)].policy = topicPolicy
    numbers.set(key, number)
    return number
  }

  /// The number of the queue with a key, if there is one.
  func find(_ key: ByteKey) -> UInt32? { numbers[key] }

  /// What is done for each job reads `all` itself: a copy counts the references of a whole queue. `_read` would save it, but debug
  /// builds of Swift 6.3.1 then read what they have freed.
  subscript(queue: UInt32) -> JobQueue {
    get { all[Int(queue)] }
    _modify { yield &all[Int(queue)] }
  }

  /// Removes a queue that has nothing and that nobody uses.
  mutating func removeIfUnused(_ queue: UInt32) {
    guard all[Int(queue)].isUnused, !all[Int(queue)].isReady else { return }
    if let wake = self[queue].wake { wakes.cancel(wake.token) }
    numbers.remove(self[queue].key)
    all[Int(queue)] = .none
    freeQueues.append(queue)
  }

  /// Declares a queue, or changes what it is set to.
  @discardableResult mutating func declare(_ definition: QueueDefinition, at moment: JobMoment) -> UInt32 {
    let name = ByteKey(definition.name)
    let number = queue(definition.key, name: name)
    let running = self[number].consumers.first { $0.id == 0 }.map(\.running) ?? 0
    declared.set(name, number)
    declaredNumbers.set(name, number)
    let usesGroups = definition.isFIFO && rules.groupsRunInParallel
    let concurrency = definition.isFIFO && !usesGroups ? 1 : Int(definition.concurrency)
    let interval = definition.pollMilliseconds.multipliedReportingOverflow(by: 1_000_000)
    var consumer = QueueConsumer(
      id: 0, concurrency: max(concurrency, definition.isFIFO ? 1 : 0),
      pacing: rules.fidelity == .eager ? .eager : .fetcher(interval: interval.overflow ? .max : interval.partialValue),
      now: moment.now)
    consumer.timeout = definition.timeout
    consumer.running = running
    self[number].name = name
    self[number].definition = definition
    self[number].policy = definition.policy
    self[number].retriesAreDisabled = definition.retriesAreDisabled
    self[number].redeliversAlways = definition.redeliversAlways
    self[number].consumers.removeAll { $0.id == 0 }
    self[number].consumers.insert(consumer, at: 0)
    regroup(number, usesGroups)
    makeReady(number)
    return number
  }

  /// Puts the waiting jobs of a queue into groups, or out of them.
  private mutating func regroup(_ number: UInt32, _ usesGroups: Bool) {
    var waiting = all[Int(number)].groups?.removeAll(&jobs) ?? []
    while let slot = all[Int(number)].retries.popFirst(&jobs) { waiting.append(slot) }
    while let slot = all[Int(number)].waiting.popFirst(&jobs) { waiting.append(slot) }
    let held = heldSlots(number)
    self[number].groups = usesGroups ? JobGroups() : nil
    for slot in held { all[Int(number)].holdGroup(of: slot, &jobs) }
    for slot in waiting.sorted(by: { jobs[$0].number < jobs[$1].number }) { all[Int(number)].append(slot, &jobs) }
  }

  /// The jobs of a queue that run or wait for their retry.
  private func heldSlots(_ number: UInt32) -> [UInt32] {
    guard self[number].active > 0 || !self[number].delayed.isEmpty else { return [] }
    var held: [UInt32] = []
    jobs.forEach { slot in
      let job = jobs[slot]
      if job.queue == number, job.state == .active || job.state == .delayed { held.append(slot) }
    }
    return held
  }

  /// The declared queue with a name.
  ///
  /// Mutating, because the compiler would copy the broker for each job.
  mutating func declaredQueue(_ name: ByteView) -> UInt32? {
    declaredNumbers.find(name).flatMap { declaredNumbers[$0] }
  }

  // MARK: Work

  /// Has the queue looked at by `pump`.
  mutating func makeReady(_ queue: UInt32) {
    guard !all[Int(queue)].isReady else { return }
    all[Int(queue)].isReady = true
    ready.append(queue)
  }

  /// Whether `pump` has something to do.
  var hasWork: Bool { !ready.isEmpty }

  /// Starts what can be started now, in turns of a few jobs a queue; at most `limit` jobs.
  mutating func pump(at moment: JobMoment, limit: Int = .max) {
    var rest = limit
    while rest > 0, let queue = ready.popFirst() {
      self[queue].isReady = false
      let share = min(rest, QueueBroker.turnShare)
      let started = deliver(queue, share, at: moment)
      rest -= started
      if started == share { makeReady(queue) }
      plan(queue, now: moment.now)
      removeIfUnused(queue)
    }
  }

  /// Jobs that a queue starts before others have their turn.
  private static let turnShare = 64

  /// When `wake` is to be called next.
  var nextWake: UInt64? { wakes.nextDeadline }

  /// Time has passed: queues whose moment has come are ready.
  mutating func wake(at moment: JobMoment) {
    while let queue = wakes.popDue(now: moment.now) {
      self[queue].wake = nil
      makeReady(queue)
    }
  }

  /// Notes when a queue has to be looked at again.
  private mutating func plan(_ queue: UInt32, now: UInt64) {
    var next: UInt64?
    if !self[queue].isPaused || self[queue].drain != nil {
      let (hasJobs, due) = (self[queue].hasDeliverable, self[queue].delayed.nextDeadline)
      for index in self[queue].consumers.indices {
        guard let look = self[queue].consumers[index].nextLook(now: now, hasJobs: hasJobs, due: due) else { continue }
        next = min(next ?? .max, look)
      }
    }
    if let next, let wake = self[queue].wake, wake.moment == next { return }
    if let wake = self[queue].wake { wakes.cancel(wake.token) }
    self[queue].wake = next.map { (wakes.insert(at: $0, queue), $0) }
  }
}

/// A job that was delivered and not answered.
struct JobDelivery {
  let slot: UInt32
  /// Tells it from others that had its place in the table.
  let generation: UInt32
  /// The consumer, which may have ended.
  let consumer: UInt64
  /// Milliseconds since 1970.
  let begunAt: UInt64
  let target: JobTarget?
  var worker: WorkerRecord?
}

/// Shares the names of functions between jobs: of those that were used last.
private struct JobTargets {
  private var recent: [JobTarget?] = Array(repeating: nil, count: 256)

  mutating func target(_ functionID: ByteView) -> JobTarget {
    var hasher = Hasher()
    hasher.combine(bytes: functionID.unsafeBytes)
    let place = hasher.finalize() & 255
    if let known = recent[place], known.functionID == functionID { return known }
    let target = JobTarget(ByteKey(functionID.string))
    recent[place] = target
    return target
  }
}

extension JobPolicy {
  /// Of topics without settings.
  static let topics = JobPolicy(maxAttempts: 3, backoffMilliseconds: 1000)
}

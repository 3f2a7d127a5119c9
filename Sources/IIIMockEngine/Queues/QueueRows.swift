internal import III

/// A job in a store, as it was enqueued.
struct QueueJobRow: StoreRow {
  static let schema = StoreSchema(
    "queue_jobs", key: [.integer("number")],
    values: [
      .bytes("queue"), .bytes("id"), .bytes("receipt", isOptional: true), .bytes("function", isOptional: true),
      .bytes("data"), .integer("max_attempts"), .integer("backoff_ms"), .integer("created_at"),
      .bytes("traceparent", isOptional: true), .bytes("baggage", isOptional: true),
      .integer("process_at", isOptional: true),
    ])

  let number: Int64
  let queue: [UInt8]
  let id: [UInt8]
  let receipt: [UInt8]?
  let function: [UInt8]?
  let data: [UInt8]
  let maxAttempts: Int64
  let backoff: Int64
  let createdAt: Int64
  let traceparent: [UInt8]?
  let baggage: [UInt8]?
  let processAt: Int64?

  init(_ job: Job, queue: ByteKey) {
    number = Int64(bitPattern: job.number)
    self.queue = Array(queue.text.utf8)
    id = job.id.storedBytes
    receipt = job.receipt == Job.noID ? nil : job.receipt.storedBytes
    function = job.target.map { Array($0.functionID.text.utf8) }
    data = job.data
    maxAttempts = Int64(job.policy.maxAttempts)
    backoff = Int64(bitPattern: job.policy.backoffMilliseconds)
    createdAt = Int64(bitPattern: job.createdAt)
    traceparent = job.trace?.traceparent
    baggage = job.trace?.baggage
    processAt = job.processAt == 0 ? nil : Int64(bitPattern: job.processAt)
  }

  init(from columns: inout StoreDecoder) throws(StoreRowFailure) {
    number = columns.integer()
    queue = columns.bytes()
    id = columns.bytes()
    receipt = columns.optionalBytes()
    function = columns.optionalBytes()
    data = columns.bytes()
    maxAttempts = columns.integer()
    backoff = columns.integer()
    createdAt = columns.integer()
    traceparent = columns.optionalBytes()
    baggage = columns.optionalBytes()
    processAt = columns.optionalInteger()
    guard id.count == 16, receipt?.count ?? 16 == 16 else { throw StoreRowFailure("its id is not 16 bytes long") }
    guard UInt32(exactly: maxAttempts) != nil, number > 0 else {
      throw StoreRowFailure("a number is out of its range")
    }
    guard data.withView({ (try? JSONParser.parse($0)) != nil }) else {
      throw StoreRowFailure("its payload is not JSON")
    }
  }

  static func encode(_ key: Int64, into columns: inout StoreEncoder) { columns.integer(key) }

  func encode(into columns: inout StoreEncoder) {
    columns.integer(number)
    columns.bytes(queue)
    columns.bytes(id)
    columns.optionalBytes(receipt)
    columns.optionalBytes(function)
    columns.bytes(data)
    columns.integer(maxAttempts)
    columns.integer(backoff)
    columns.integer(createdAt)
    columns.optionalBytes(traceparent)
    columns.optionalBytes(baggage)
    columns.optionalInteger(processAt)
  }
}

/// What has become of a job since it was enqueued: there is no row of a job that was never tried.
struct QueueProgressRow: StoreRow {
  static let schema = StoreSchema(
    "queue_progress", key: [.integer("number")],
    values: [
      .integer("attempts"), .integer("process_at", isOptional: true), .integer("died", isOptional: true),
      .integer("failed_at", isOptional: true), .bytes("error", isOptional: true),
    ])

  let number: Int64
  let attempts: Int64
  let processAt: Int64?
  /// The order in which jobs became dead letters; `nil` if it is none.
  let died: Int64?
  let failedAt: Int64?
  let error: [UInt8]?

  init(_ job: Job, died: UInt64) {
    number = Int64(bitPattern: job.number)
    attempts = Int64(job.attempts)
    processAt = job.processAt == 0 ? nil : Int64(bitPattern: job.processAt)
    let isDead = job.state == .dead
    self.died = isDead ? Int64(bitPattern: died) : nil
    failedAt = isDead ? (job.details?.failedAt).map { Int64(bitPattern: $0) } : nil
    error = isDead ? job.details?.error : nil
  }

  init(from columns: inout StoreDecoder) throws(StoreRowFailure) {
    number = columns.integer()
    attempts = columns.integer()
    processAt = columns.optionalInteger()
    died = columns.optionalInteger()
    failedAt = columns.optionalInteger()
    error = columns.optionalBytes()
    guard UInt32(exactly: attempts) != nil else { throw StoreRowFailure("its attempts are out of their range") }
  }

  static func encode(_ key: Int64, into columns: inout StoreEncoder) { columns.integer(key) }

  func encode(into columns: inout StoreEncoder) {
    columns.integer(number)
    columns.integer(attempts)
    columns.optionalInteger(processAt)
    columns.optionalInteger(died)
    columns.optionalInteger(failedAt)
    columns.optionalBytes(error)
  }
}

/// A queue that was declared while an engine ran.
struct QueueDefinitionRow: StoreRow {
  static let schema = StoreSchema("queue_definitions", key: [.bytes("name")], values: [.bytes("config")])

  let name: [UInt8]
  /// JSON, as it was given.
  let config: [UInt8]

  init(name: [UInt8], config: [UInt8]) {
    self.name = name
    self.config = config
  }

  init(from columns: inout StoreDecoder) throws(StoreRowFailure) {
    name = columns.bytes()
    config = columns.bytes()
  }

  static func encode(_ key: [UInt8], into columns: inout StoreEncoder) { columns.bytes(key) }

  func encode(into columns: inout StoreEncoder) {
    columns.bytes(name)
    columns.bytes(config)
  }
}

extension UUID128 {
  /// 16 bytes, big-endian.
  fileprivate var storedBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16)
    for word in [high, low] {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
      }
    }
    return bytes
  }

  /// From 16 bytes.
  fileprivate init(stored bytes: [UInt8]) {
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8)))
  }
}

extension QueueBroker {
  /// Takes over the queues and jobs of a broker that has kept them in memory, as from a store.
  mutating func takeOverJobs(of old: QueueBroker, at moment: JobMoment) {
    for (name, queue) in old.declared where declared[name] == nil {
      if let definition = old[queue].definition { declare(definition, at: moment) }
    }
    var slots: [UInt32] = []
    old.jobs.forEach { slots.append($0) }
    slots.sort { old.jobs[$0].number < old.jobs[$1].number }
    let kept = slots.filter { ![.free, .saving, .forgotten].contains(old.jobs[$0].state) }
    // The newest dead letter is the first of its queue.
    let dead = old.all.flatMap { $0.dead.slots(old.jobs).reversed() }
    var died: [UInt32: UInt64] = [:]
    for slot in dead { died[slot] = UInt64(died.count + 1) }
    restore(
      kept.map { QueueJobRow(old.jobs[$0], queue: old[old.jobs[$0].queue].key) },
      kept.filter { old.jobs[$0].attempts > 0 || old.jobs[$0].state == .dead }
        .map { QueueProgressRow(old.jobs[$0], died: died[$0] ?? 0) }, at: moment)
  }

  /// Takes over what a store has, in the order in which it was enqueued: jobs that were running wait again, with the
  /// attempts that they had.
  mutating func restore(_ rows: [QueueJobRow], _ progress: [QueueProgressRow], at moment: JobMoment) {
    var progressOf: [Int64: QueueProgressRow] = [:]
    for row in progress { progressOf[row.number] = row }
    var policies: [JobPolicy] = []
    var dead: [(died: Int64, slot: UInt32)] = []
    for row in rows {
      let queue = queue(ByteKey(String(decoding: row.queue, as: UTF8.self)))
      var job = Job()
      job.state = .waiting
      job.queue = queue
      job.number = UInt64(bitPattern: row.number)
      job.id = UUID128(stored: row.id)
      job.receipt = row.receipt.map { UUID128(stored: $0) } ?? Job.noID
      job.target = row.function.map { $0.withView { target($0) } }
      job.data = row.data
      if row.traceparent != nil || row.baggage != nil {
        job.trace = TraceHeaders(traceparent: row.traceparent, baggage: row.baggage)
      }
      let policy = JobPolicy(
        maxAttempts: UInt32(clamping: row.maxAttempts), backoffMilliseconds: UInt64(bitPattern: row.backoff))
      job.policy = policies.first { $0 == policy } ?? policy
      if job.policy === policy { policies.append(policy) }
      job.createdAt = UInt64(bitPattern: row.createdAt)
      job.processAt = row.processAt.map { UInt64(bitPattern: $0) } ?? 0
      skipNumbers(to: job.number)
      let slot = jobs.insert(job)
      if let progress = progressOf[row.number] {
        restore(progress, slot, &dead, at: moment)
      } else {
        all[Int(queue)].append(slot, &jobs)
      }
      makeReady(queue)
    }
    for (_, slot) in dead.sorted(by: { $0.died < $1.died }) { bury(slot) }
  }

  private mutating func restore(
    _ row: QueueProgressRow, _ slot: UInt32, _ dead: inout [(died: Int64, slot: UInt32)], at moment: JobMoment
  ) {
    let queue = jobs[slot].queue
    jobs[slot].hasProgress = true
    jobs[slot].attempts = UInt32(clamping: row.attempts)
    jobs[slot].processAt = row.processAt.map { UInt64(bitPattern: $0) } ?? 0
    if let died = row.died {
      let details = JobDetails()
      details.error = row.error ?? []
      details.failedAt = row.failedAt.map { UInt64(bitPattern: $0) } ?? 0
      jobs[slot].details = details
      skipNumbers(to: UInt64(bitPattern: died))
      dead.append((died, slot))
      return
    }
    // A wall clock that was set back meanwhile does not make the wait longer than it was meant to be.
    let due = jobs[slot].processAt
    let rest = min(due > moment.wall ? due - moment.wall : 0, jobs[slot].policy.backoff(after: jobs[slot].attempts))
    all[Int(queue)].holdGroup(of: slot, &jobs)
    all[Int(queue)].delay(slot, until: moment.now.advanced(by: .milliseconds(Int64(clamping: rest))), &jobs)
  }
}

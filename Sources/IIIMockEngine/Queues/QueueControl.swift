internal import III

/// The functions with which a test in any language looks at queues and controls them. A strict engine does not have them.
enum QueueControl: String, BuiltInFamily {
  case list = "mock::queues::list"
  case show = "mock::queues::show"
  case dead = "mock::queues::dead"
  case redrive = "mock::queues::redrive"
  case discard = "mock::queues::discard"
  case pause = "mock::queues::pause"
  case resume = "mock::queues::resume"
  case drain = "mock::queues::drain"
  case clear = "mock::queues::clear"
  case enqueue = "mock::queues::enqueue"
  case configure = "mock::queues::configure"

  var description: String {
    switch self {
    case .list: "List all queues and topics with the numbers of their jobs"
    case .show: "List the jobs of a queue that are not dead letters, oldest first, with their history"
    case .dead: "List the dead letters of a queue, newest first, with their history"
    case .redrive: "Move one or all dead letters of a queue back to it"
    case .discard: "Remove one or all dead letters of a queue"
    case .pause: "Stop the deliveries of a queue"
    case .resume: "Resume the deliveries of a queue"
    case .drain: "Run what a queue has due now, one job at a time, and list the deliveries"
    case .clear: "Remove all jobs of a queue that are not in flight"
    case .enqueue: "Put a call of a function into a queue"
    case .configure: "Switch the retries of a queue off, or have every job delivered twice"
    }
  }

  var inputName: String {
    switch self {
    case .list: "QueuesListInput"
    case .show: "QueuesShowInput"
    case .dead: "QueuesDeadInput"
    case .redrive: "QueuesRedriveInput"
    case .discard: "QueuesDiscardInput"
    case .pause: "QueuesPauseInput"
    case .resume: "QueuesResumeInput"
    case .drain: "QueuesDrainInput"
    case .clear: "QueuesClearInput"
    case .enqueue: "QueuesEnqueueInput"
    case .configure: "QueuesConfigureInput"
    }
  }

  var fields: [BuiltInField] {
    let queue = BuiltInField("queue", .string, isRequired: true)
    switch self {
    case .list: return []
    case .show, .dead: return [queue, .init("offset", .usize), .init("limit", .usize)]
    case .redrive, .discard: return [queue, .init("id", .string)]
    case .pause, .resume, .drain, .clear: return [queue]
    case .enqueue:
      return [queue, .init("function_id", .string, isRequired: true), .init("data", .any, isRequired: true)]
    case .configure: return [queue, .init("retries", .bool), .init("redelivers_always", .bool)]
    }
  }

  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

/// A drain that somebody waits for.
struct QueueDrain {
  var queues: [UInt32]
  var attempts: [QueueAttempt] = []
  let done: (Result<[DrainedDelivery], MockEngineError>) -> Void
}

extension QueueWorker {
  /// Executes a `mock::queues::…` function.
  func control(
    _ kind: QueueControl, _ function: BuiltInFunction, _ call: BuiltInCall
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try call.input(of: function)
    try input.check(function.fields)
    if kind == .list { return .json(["queues": .array(summaries.map(\.json))]) }
    let text = try input.requiredString("queue")
    let name = ByteKey(text)
    if kind != .enqueue, let problem = missing(name) { return .failure(.notFound(problem)) }
    switch kind {
    case .list: return .nothing
    case .show, .dead:
      let isDead = kind == .dead
      let jobs = isDead ? deadLetters(name) : jobs(name)
      let shown = jobs.dropFirst(input.count("offset") ?? 0).prefix(input.count("limit") ?? 50)
      return .json([
        "queue": .string(text), "count": .int(Int64(jobs.count)),
        isDead ? "dead_letters" : "jobs": .array(shown.map(\.json)),
      ])
    case .redrive: return afterSaving(.json(["redriven": .int(Int64(redrive(name, try input.string("id"))))]))
    case .discard: return afterSaving(.json(["discarded": .int(Int64(discard(name, try input.string("id"))))]))
    case .pause, .resume:
      setPaused(kind == .pause, name)
      return .json(["success": true])
    case .clear: return afterSaving(.json(["removed": .int(Int64(clear(name)))]))
    case .configure:
      if let retries = try input.bool("retries") { setRetries(disabled: !retries, name) }
      if let always = try input.bool("redelivers_always") { setRedelivery(always: always, name) }
      return .json(["success": true])
    case .enqueue:
      let data = call.data.withMember("data") ?? Array("null".utf8)
      return try Array(input.requiredString("function_id").utf8).withView { function in
        name.withBytes { name in data.withView { enqueue(function, $0, queue: name, nil) } }
      }
    case .drain: return drain(name)
    }
  }

  private func drain(_ name: ByteKey) -> BuiltInReply {
    guard let host else { return .nothing }
    let later = host.laterReply()
    beginDrain(name) { result in
      switch result {
      case .success(let all): host.reply(later, .json(["deliveries": .array(all.map(\.json))]))
      case .failure(let error): host.reply(later, .failure(InvocationFailure(code: "STOPPED", message: "\(error)")))
      }
    }
    return .later(later)
  }

  // MARK: What tests ask for

  /// What to say of a name that no queue has; `nil` if there is one.
  func missing(_ name: ByteKey) -> String? {
    guard broker.queues(named: name).isEmpty, broker.topics[name] == nil else { return nil }
    let known = broker.declared.map(\.key.text) + broker.topics.map(\.key.text)
    let nearest = NearestName.of(name.text, among: known).map { " (did you mean '\($0)'?)" } ?? ""
    let list =
      known.isEmpty ? "there are no queues" : "the queues are \(known.map { "'\($0)'" }.joined(separator: ", "))"
    return "there is no queue or topic '\(name.text)'\(nearest): \(list)"
  }

  /// The jobs that are no dead letters, oldest first.
  func jobs(_ name: ByteKey) -> [QueueJob] {
    broker.slots(name) { $0 != .dead && $0 != .free && $0 != .saving }.map { QueueJob($0, in: broker) }
  }

  /// Newest first.
  func deadLetters(_ name: ByteKey) -> [QueueJob] {
    broker.deadLetters(name, offset: 0, limit: .max).map { QueueJob($0, in: broker) }
  }

  func redrive(_ name: ByteKey, _ id: String?) -> Int {
    defer { act() }
    guard let id else { return broker.redrive(name) }
    return UUID128(id).map { broker.redrive(name, id: $0) } == true ? 1 : 0
  }

  func discard(_ name: ByteKey, _ id: String?) -> Int {
    defer { act() }
    if let id { return UUID128(id).map { broker.discard(name, id: $0) } == true ? 1 : 0 }
    let slots = broker.deadLetters(name, offset: 0, limit: .max)
    for slot in slots { broker.discard(slot) }
    return slots.count
  }

  func setPaused(_ isPaused: Bool, _ name: ByteKey) {
    broker.setPaused(isPaused, name)
    act()
  }

  func setRetries(disabled: Bool, _ name: ByteKey) {
    broker.setRetries(disabled: disabled, name)
    act()
  }

  func setRedelivery(always: Bool, _ name: ByteKey) {
    broker.setRedelivery(always: always, name)
    act()
  }

  func clear(_ name: ByteKey) -> Int {
    defer { act() }
    return broker.clear(name)
  }

  /// Runs what is due; `done` hears what was delivered.
  func beginDrain(
    _ name: ByteKey, then done: @escaping (Result<[DrainedDelivery], MockEngineError>) -> Void
  ) {
    let queues = broker.beginDrain(name, at: moment)
    guard !queues.isEmpty else { return done(.success([])) }
    drains.append(QueueDrain(queues: queues, done: done))
    act()
  }

  /// A queue has run all that was due.
  func drained(_ queue: UInt32) {
    for index in drains.indices.reversed() where drains[index].queues.contains(queue) {
      drains[index].queues.removeAll { $0 == queue }
      guard drains[index].queues.isEmpty else { continue }
      let drain = drains.remove(at: index)
      drain.done(.success(drain.attempts.map { DrainedDelivery($0) }))
    }
  }

  /// Ends the drains of a name, which take too long.
  func endDrains(_ name: ByteKey) {
    for queue in broker.queues(named: name) {
      broker.endDrain(queue)
      drained(queue)
    }
    act()
  }

  func has(_ count: Int, deadLettersOf name: ByteKey) -> Bool { broker.stats(name).dead >= count }

  // MARK: Numbers

  /// The numbers of a queue's jobs.
  struct Summary {
    let name: String
    let definition: QueueDefinition?
    let subscriptions: Int
    var waiting = 0
    var inFlight = 0
    var delayed = 0
    var dead = 0
    var isPaused = false

    var json: JSONValue {
      let kind = definition.map { $0.isFIFO ? "fifo" : "standard" } ?? "topic"
      return [
        "name": .string(name), "type": .string(kind), "waiting": .int(Int64(waiting)),
        "in_flight": .int(Int64(inFlight)),
        "delayed": .int(Int64(delayed)), "dead": .int(Int64(dead)), "is_paused": .bool(isPaused),
        "concurrency": definition.map { .int(Int64($0.concurrency)) } ?? .null,
        "subscriptions": .int(Int64(subscriptions)),
      ]
    }
  }

  /// The numbers of a queue's jobs in words.
  func summary(of name: ByteKey) -> String {
    if let problem = missing(name) { return problem }
    guard let numbers = summaries.first(where: { ByteKey($0.name) == name }) else { return "it has no jobs" }
    return
      "\(numbers.waiting) of its jobs wait, \(numbers.inFlight) are in flight, \(numbers.delayed) wait for a retry, "
      + "\(numbers.dead) are dead letters" + (numbers.isPaused ? "; it is paused" : "")
  }

  /// All declared queues, subscribed topics, and other keys that have jobs.
  var summaries: [Summary] {
    var summaries: [Summary] = []
    var shown: Set<UInt32> = []
    func add(_ name: ByteKey, _ queues: [UInt32], _ definition: QueueDefinition?, subscriptions: Int = 0) {
      var summary = Summary(name: name.text, definition: definition, subscriptions: subscriptions)
      for number in queues {
        shown.insert(number)
        let queue = broker[number]
        summary.waiting += queue.waitingCount
        summary.inFlight += queue.active
        summary.delayed += queue.delayed.count
        summary.dead += queue.dead.count
        summary.isPaused = summary.isPaused || queue.isPaused
      }
      summaries.append(summary)
    }
    for (name, number) in broker.declared { add(name, [number], broker[number].definition) }
    for (name, topic) in broker.topics where broker.declared[name] == nil {
      add(name, topic.shares.map(\.value.queue), nil, subscriptions: topic.subscriptions)
    }
    for (number, queue) in broker.all.enumerated() where !queue.key.isEmpty && !shown.contains(UInt32(number)) {
      add(queue.key, [UInt32(number)], nil)
    }
    return summaries
  }
}

extension ByteView {
  /// The value of a member as its sender spelled it, if this is an object that has it.
  fileprivate func withMember(_ name: StaticString) -> [UInt8]? {
    guard var members = ObjectMembers(self) else { return nil }
    var value: [UInt8]?
    while let member = members.next() { if member.isNamed(name) { value = member.value.array } }
    return value
  }
}

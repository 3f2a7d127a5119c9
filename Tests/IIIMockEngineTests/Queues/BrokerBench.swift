import III
import Testing

@testable import IIIMockEngine

/// A broker with time in milliseconds, whose calls a test answers. It keeps the rows that the broker asks for.
struct BrokerBench {
  struct Call: Equatable {
    let token: UInt64
    let functionID: String
    let data: String
    let delivery: String
    /// When it was begun.
    let at: UInt64
  }

  static let wallStart: UInt64 = 1_767_225_600_000

  var broker: QueueBroker
  private(set) var now: UInt64 = 0
  /// Calls that were begun, in order, and not taken yet.
  private(set) var begun: [Call] = []
  private(set) var checks: [(token: UInt64, condition: String)] = []
  private(set) var attempts: [QueueAttempt] = []
  private(set) var drainedQueues: [UInt32] = []
  private(set) var rows: [Int64: QueueJobRow] = [:]
  private(set) var progress: [Int64: QueueProgressRow] = [:]

  init(
    _ fidelity: QueueFidelity = .eager, groups: Bool = true, topics: JobPolicy = .topics, isDurable: Bool = false
  ) {
    let rules = QueueRules(
      fidelity: fidelity, groupsRunInParallel: groups, subscriptionsSetRetries: fidelity == .eager)
    broker = QueueBroker(rules: rules, topicPolicy: topics, isDurable: isDurable)
  }

  var moment: JobMoment { JobMoment(now: now * 1_000_000, wall: BrokerBench.wallStart + now) }

  mutating func declare(_ name: String, _ change: (inout QueueDefinition) -> Void = { _ in }) {
    var definition = QueueDefinition(name: name)
    change(&definition)
    broker.declare(definition, at: moment)
    settle()
  }

  @discardableResult
  mutating func enqueue(_ queue: String, _ data: String = "1", function: String = "f") -> UInt32 {
    let target = Array(function.utf8).withView { broker.target($0) }
    let number = broker.declared[ByteKey(queue)] ?? .max
    let receipt = broker.newID()
    let slot = broker.prepare(number, data: Array(data.utf8), target: target, receipt: receipt, at: moment)
    admit(slot)
    settle()
    return slot
  }

  mutating func publish(_ topic: String, _ data: String = "1") {
    for queue in broker.queues(forPublishTo: ByteKey(topic)) {
      admit(broker.prepare(queue, data: Array(data.utf8), target: nil, at: moment))
    }
    settle()
  }

  private mutating func admit(_ slot: UInt32) {
    if broker.isDurable {
      let job = broker.jobs[slot]
      rows[Int64(bitPattern: job.number)] = QueueJobRow(job, queue: broker[job.queue].key)
    }
    broker.admit(slot)
  }

  mutating func subscribe(
    _ id: UInt64, _ functionID: String, _ topic: String, _ change: (inout QueueTriggerSettings) -> Void = { _ in }
  ) {
    var settings = QueueTriggerSettings(topic: ByteKey(topic))
    change(&settings)
    broker.subscribe(id, trigger: ByteKey("t\(id)"), ByteKey(functionID), settings, at: moment)
    settle()
  }

  mutating func unsubscribe(_ id: UInt64) {
    broker.unsubscribe(id, at: moment)
    settle()
  }

  /// Does what can be done at this moment.
  mutating func settle() {
    broker.wake(at: moment)
    broker.pump(at: moment)
    for action in broker.takeActions() {
      switch action {
      case .call(let token, let functionID, let slot, let delivery, _):
        begun.append(
          Call(
            token: token, functionID: functionID.text, data: String(decoding: broker.jobs[slot].data, as: UTF8.self),
            delivery: String(decoding: delivery, as: UTF8.self), at: now))
      case .check(let token, let condition, _, _): checks.append((token, condition.text))
      case .attempted(let attempt): attempts.append(attempt)
      case .drained(let queue): drainedQueues.append(queue)
      case .remove(let number, let hasProgress):
        rows[Int64(bitPattern: number)] = nil
        if hasProgress { progress[Int64(bitPattern: number)] = nil }
      case .save(let slot):
        let job = broker.jobs[slot]
        rows[Int64(bitPattern: job.number)] = QueueJobRow(job, queue: broker[job.queue].key)
      case .saveProgress(let slot):
        let job = broker.jobs[slot]
        let died = job.state == .dead ? broker.newNumber() : 0
        progress[Int64(bitPattern: job.number)] = QueueProgressRow(job, died: died)
      }
    }
    if broker.hasWork { settle() }
  }

  /// Moves the time on, moment by moment.
  mutating func advance(to target: UInt64) {
    while let next = broker.nextWake, next <= target * 1_000_000 {
      now = max(now, (next + 999_999) / 1_000_000)
      settle()
    }
    now = target
    settle()
  }

  mutating func advance(by span: UInt64) { advance(to: now + span) }

  /// The calls that were begun since the last time.
  mutating func take() -> [Call] {
    defer { begun = [] }
    return begun
  }

  mutating func takeData() -> [String] { take().map(\.data) }

  mutating func takeChecks() -> [(token: UInt64, condition: String)] {
    defer { checks = [] }
    return checks
  }

  mutating func succeed(_ call: Call) {
    broker.ended(call.token, .success, at: moment)
    settle()
  }

  mutating func fail(_ call: Call, _ code: String = "E") {
    broker.ended(call.token, .failure(InvocationFailure(code: code, message: "x")), at: moment)
    settle()
  }

  mutating func decide(_ token: UInt64, _ verdict: ConditionVerdict) {
    broker.decided(token, verdict, at: moment)
    settle()
  }

  /// Fails every delivery at once, until the time; returns when each was begun.
  mutating func failing(until end: UInt64) -> [UInt64] {
    var moments: [UInt64] = []
    while true {
      for call in take() {
        moments.append(call.at)
        fail(call)
      }
      guard begun.isEmpty else { continue }
      guard let next = broker.nextWake, next <= end * 1_000_000 else { return moments }
      advance(to: max(now, (next + 999_999) / 1_000_000))
    }
  }

  /// Begins again with the rows alone; queues are to be declared again, then `restoreRows`.
  mutating func restart() {
    broker = QueueBroker(rules: broker.rules, topicPolicy: broker.topicPolicy, isDurable: broker.isDurable)
    (begun, checks) = ([], [])
  }

  mutating func restoreRows() {
    let jobs = rows.values.sorted { $0.number < $1.number }
    broker.restore(jobs, progress.values.sorted { $0.number < $1.number }, at: moment)
    settle()
  }

  func stats(_ name: String) -> QueueBroker.Stats { broker.stats(ByteKey(name)) }

  func dead(_ name: String) -> [String] {
    broker.deadLetters(ByteKey(name), offset: 0, limit: .max).map {
      String(decoding: broker.jobs[$0].data, as: UTF8.self)
    }
  }

  func error(_ name: String) -> String? {
    broker.deadLetters(ByteKey(name), offset: 0, limit: 1).first.flatMap { slot in
      broker.jobs[slot].details.map { String(decoding: $0.error, as: UTF8.self) }
    }
  }
}

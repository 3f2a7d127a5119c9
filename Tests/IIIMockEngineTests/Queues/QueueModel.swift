/// A queue as short as it can be written: lists of jobs, searched from the front.
struct QueueModel {
  struct Job: Equatable {
    let tag: Int
    let group: Int
    var order: Int
    var attempts = 0
    var due = 0
  }

  let limit: Int
  let isGrouped: Bool
  let maxAttempts = 3
  let backoff = 100
  var waiting: [Job] = []
  var retries: [Job] = []
  var active: [Job] = []
  var delayed: [Job] = []
  /// Newest first.
  var dead: [Job] = []
  var isPaused = false
  var last = 0

  mutating func enqueue(_ tag: Int, group: Int) {
    last += 1
    waiting.append(Job(tag: tag, group: group, order: last))
  }

  /// Starts what can be started; returns the tags.
  mutating func start(now: Int) -> [Int] {
    if isPaused { return [] }
    let due = delayed.filter { $0.due <= now }
    delayed.removeAll { $0.due <= now }
    retries += due.enumerated().sorted { ($0.element.due, $0.offset) < ($1.element.due, $1.offset) }.map(\.element)
    var started: [Int] = []
    while active.count < limit, let next = takeNext() {
      active.append(next)
      started.append(next.tag)
    }
    return started
  }

  private mutating func takeNext() -> Job? {
    guard isGrouped else {
      if !retries.isEmpty { return retries.removeFirst() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
    let busy = Set((active + delayed).map(\.group))
    guard let next = (retries + waiting).filter({ !busy.contains($0.group) }).min(by: { $0.order < $1.order }) else {
      return nil
    }
    retries.removeAll { $0 == next }
    waiting.removeAll { $0 == next }
    return next
  }

  mutating func succeed(_ index: Int) { active.remove(at: index) }

  mutating func fail(_ index: Int, now: Int) {
    var job = active.remove(at: index)
    job.attempts += 1
    if job.attempts >= maxAttempts { return dead.insert(job, at: 0) }
    job.due = now + backoff << (job.attempts - 1)
    delayed.append(job)
  }

  mutating func redrive(_ index: Int) {
    var job = dead.remove(at: index)
    last += 1
    (job.order, job.attempts) = (last, 0)
    waiting.append(job)
  }

  /// What was active waits again; what was tried waits for its retry, if that is still to come.
  mutating func restart(now: Int) {
    let all = (waiting + retries + active + delayed).sorted { $0.order < $1.order }
    waiting = all.filter { $0.attempts == 0 }
    delayed = all.filter { $0.attempts > 0 }
    for index in delayed.indices { delayed[index].due = max(delayed[index].due, now) }
    (retries, active, isPaused) = ([], [], false)
  }
}

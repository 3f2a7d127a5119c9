internal import III

/// When which jobs run, as a plain value: events come with the time of the wall clock, and runs are what it returns.
///
/// A job waits for its next moment, runs, and waits again when the run has ended: moments that pass meanwhile are
/// skipped. The wall clock may be set and the machine may sleep:
/// - No run begins before its second, and no second of a job runs twice.
/// - A run that is more than ``tolerance`` late is skipped, not made up for.
/// - A clock that is set back by at most ``repetition`` has jobs wait until it has caught up; further back, the jobs
///   follow the new time.
struct CronSchedule<Job> {
  typealias ID = ByteKey

  /// A run that has begun; the job waits until `ended` is told of it.
  struct Run {
    let id: ID
    let job: Job
    /// The second that the expression matches, in nanoseconds since 1970.
    let scheduled: UInt64
    fileprivate let number: UInt64
  }

  private struct Entry {
    let job: Job
    let expression: CronExpression
    /// The second of the last run; the next one is later.
    var last = -1
    var state: State
  }

  private enum State {
    case waiting(TimerToken)
    case running(number: UInt64)
    /// The expression does not match any more.
    case over
  }

  /// How late a run may be, in seconds.
  static var tolerance: UInt64 { 15 }
  /// How far a clock may be set back for its jobs to wait, in seconds.
  static var repetition: UInt64 { 3 * 3600 }

  private var entries: [ID: Entry] = [:]
  private var heap = TimerHeap<ID>()
  private var runs: UInt64 = 0
  /// The latest second seen since the clock was last set back far.
  private var latest: UInt64 = 0

  init() {}

  var count: Int { entries.count }

  /// The next second in which a job is due, in nanoseconds since 1970; `nil` if none waits.
  var nextMoment: UInt64? { heap.nextDeadline.map { $0 &* UTCTime.nanosecondsPerSecond } }

  /// Whether this run's job is still registered.
  func isRunning(_ run: Run) -> Bool {
    if case .running(run.number)? = entries[run.id]?.state { true } else { false }
  }

  /// Adds a job; `false` if its id is taken, whose job stays.
  mutating func add(_ id: ID, _ expression: CronExpression, _ job: Job, now: UInt64) -> Bool {
    guard entries[id] == nil else { return false }
    note(now)
    entries[id] = Entry(job: job, expression: expression, state: .over)
    wait(id, after: now / UTCTime.nanosecondsPerSecond)
    return true
  }

  @discardableResult mutating func remove(_ id: ID) -> Job? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    if case .waiting(let token) = entry.state { heap.cancel(token) }
    return entry.job
  }

  /// The runs that begin now, at most `limit` of them: `nextMoment` has passed where more are due.
  mutating func due(now: UInt64, limit: Int = .max) -> [Run] {
    note(now)
    let second = now / UTCTime.nanosecondsPerSecond
    var begun: [Run] = []
    while begun.count < limit, let deadline = heap.nextDeadline, let id = heap.popDue(now: second) {
      if second - deadline > Self.tolerance {
        wait(id, after: second)
      } else if let run = begin(id, second: deadline) {
        begun.append(run)
      }
    }
    return begun
  }

  /// Begins a run whether or not the job is due; `nil` if there is no such job, or it is running.
  mutating func fire(_ id: ID, now: UInt64) -> Run? {
    switch entries[id]?.state {
    case .waiting(let token)?: heap.cancel(token)
    case .over?: break
    case .running?, nil: return nil
    }
    return begin(id, second: now / UTCTime.nanosecondsPerSecond)
  }

  /// A run has ended: its job waits for the next moment after now.
  mutating func ended(_ run: Run, now: UInt64) {
    note(now)
    guard case .running(run.number)? = entries[run.id]?.state else { return }
    wait(run.id, after: now / UTCTime.nanosecondsPerSecond)
  }

  private mutating func begin(_ id: ID, second: UInt64) -> Run? {
    runs += 1
    entries[id]?.state = .running(number: runs)
    entries[id]?.last = Int(clamping: second)
    guard let entry = entries[id] else { return nil }
    return Run(id: id, job: entry.job, scheduled: second &* UTCTime.nanosecondsPerSecond, number: runs)
  }

  private mutating func wait(_ id: ID, after second: UInt64) {
    guard let entry = entries[id] else { return }
    let next = entry.expression.next(after: max(Int(clamping: second), entry.last))
    entries[id]?.state = next.map { .waiting(heap.insert(at: UInt64($0), id)) } ?? .over
  }

  /// Notices a clock that was set back far.
  private mutating func note(_ now: UInt64) {
    let second = now / UTCTime.nanosecondsPerSecond
    defer { latest = max(latest, second) }
    guard latest > second, latest - second > Self.repetition else { return }
    latest = second
    heap.removeAll()
    for (id, entry) in entries.sorted(by: { $0.key < $1.key }) {
      entries[id]?.last = -1
      if case .running = entry.state { continue }
      wait(id, after: second)
    }
  }
}

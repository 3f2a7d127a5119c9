internal import III

/// What delivers the jobs of a queue: one consumer for a queue that is declared, one for each subscription of a topic.
struct QueueConsumer {
  /// When a consumer looks for jobs.
  enum Pacing: Equatable {
    /// At once.
    case eager
    /// As the real engine does for declared queues: it takes jobs while there are any, and looks again an interval after
    /// it found none. A consumer that has no room goes on as soon as a job ends.
    case fetcher(interval: UInt64)
    /// As the real engine does for topics: at fixed moments.
    case ticks(interval: UInt64)
  }

  /// A job that waits for its retry in place; the queue waits with it.
  struct Backoff {
    let slot: UInt32
    let until: UInt64
  }

  /// The place of its trigger in the order of registrations; 0 for a declared queue.
  let id: UInt64
  /// Jobs that may run at the same time.
  let capacity: Int
  /// Whether a failed job is tried again before the next one; then one job runs at a time.
  let retriesInPlace: Bool
  /// Whether moments that passed while a job ran are made up for when it ends.
  private let catchesUp: Bool
  let pacing: Pacing
  /// The function of a subscription.
  var target: JobTarget?
  var condition: ByteKey?
  var triggerID: ByteKey = ""
  /// What a subscription's configuration says of retries, where that counts.
  var policy: JobPolicy?
  /// How long a job may run.
  var timeout: Duration?

  var running = 0
  var backoff: Backoff?
  /// When the consumer looks for jobs next.
  private(set) var pollAt: UInt64
  /// Whether something waits for `pollAt`; otherwise the moments pass without effect.
  private var isPlanned = false
  /// Whether a fetcher has found more jobs than it has room for.
  private var isBlocked = false
  /// Whether it has taken a job since which moments may have passed that it makes up for.
  private var owesLooks = false

  init(id: UInt64, concurrency: Int, retriesInPlace: Bool = false, pacing: Pacing = .eager, now: UInt64) {
    self.id = id
    capacity = retriesInPlace ? 1 : concurrency
    self.retriesInPlace = retriesInPlace
    catchesUp = retriesInPlace && concurrency <= 1
    self.pacing = pacing
    pollAt = now
  }

  var hasRoom: Bool { running < capacity && backoff == nil }

  private var interval: UInt64 {
    switch pacing {
    case .eager: 0
    case .fetcher(let interval), .ticks(let interval): interval
    }
  }

  /// The first moment of the grid that is not before `moment`.
  private func grid(from moment: UInt64) -> UInt64 {
    guard moment > pollAt else { return pollAt }
    guard interval > 0 else { return moment }
    let steps = (moment - pollAt - 1) / interval + 1
    let (span, overflow) = steps.multipliedReportingOverflow(by: interval)
    return overflow ? .max : pollAt.advanced(by: .nanoseconds(clamping: span))
  }

  /// Whether it looks for jobs now.
  mutating func looks(now: UInt64) -> Bool {
    guard pacing != .eager, !isBlocked else { return true }
    if owesLooks && now >= pollAt { return true }
    owesLooks = false
    // Moments before this one passed without a job.
    if !isPlanned { pollAt = grid(from: now) }
    return now >= pollAt
  }

  /// It has looked for jobs, and taken `taken` of them.
  ///
  /// - Parameter isEmpty: Whether no job is left.
  mutating func looked(now: UInt64, taken: Int, isEmpty: Bool) {
    isPlanned = false
    switch pacing {
    case .eager: break
    case .fetcher(let interval):
      isBlocked = !isEmpty
      if isEmpty { pollAt = now.advanced(by: .nanoseconds(clamping: interval)) }
    case .ticks(let interval):
      owesLooks = catchesUp && taken > 0
      pollAt = owesLooks ? pollAt.advanced(by: .nanoseconds(clamping: interval)) : grid(from: now &+ 1)
    }
  }

  /// When it has to be asked next whether it looks for jobs; `nil` if something else comes first.
  ///
  /// - Parameters:
  ///   - hasJobs: Whether jobs wait.
  ///   - due: When the next retry is due.
  mutating func nextLook(now: UInt64, hasJobs: Bool, due: UInt64?) -> UInt64? {
    isPlanned = false
    if let backoff { return backoff.until }
    // A retry that is due counts among the waiting jobs, whether or not there is room for it.
    guard pacing != .eager else { return due }
    guard !isBlocked, capacity > 0 else { return nil }
    if case .ticks = pacing { guard hasRoom else { return nil } }
    guard let moment = hasJobs ? now : due else { return nil }
    if !owesLooks || moment > pollAt { pollAt = grid(from: max(moment, now)) }
    isPlanned = true
    return max(pollAt, now)
  }
}

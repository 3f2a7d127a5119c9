internal import III

/// A job of a queue: a payload on its way to a function.
///
/// A million of them may wait, so what most jobs do not have is behind one reference.
struct Job {
  enum State: UInt8 {
    /// The place is not used.
    case free
    /// On its way to the disk: nobody sees it yet.
    case saving
    case waiting
    /// Delivered and not answered; of a consumer that retries in place, also between its attempts.
    case active
    /// Waits for its retry.
    case delayed
    /// A dead letter.
    case dead
    /// Delivered before a reset: it is removed when its delivery ends, however that ends.
    case forgotten
  }

  var state = State.free
  /// Whether it is delivered once more after a success, because its queue does so with every job.
  var isRepeated = false
  /// Whether the store has a row of its progress.
  var hasProgress = false
  /// The number of its queue.
  var queue: UInt32 = 0
  /// Neighbours in the list that the job is in.
  var next = JobList.end
  var previous = JobList.end
  /// The number of its group, in a queue with groups.
  var group: UInt32 = 0
  /// How many deliveries have failed.
  var attempts: UInt32 = 0
  /// The order of the jobs, and the key of the job's row. A job that is redriven gets a new one.
  var number: UInt64 = 0
  /// Identifies the job for dead letter functions.
  var id = Job.noID
  /// The receipt that its sender has; `noID` for jobs of topics.
  var receipt = Job.noID
  /// `nil` for jobs of topics: the subscriber's function is called.
  var target: JobTarget?
  /// The payload, JSON.
  var data: [UInt8] = []
  /// The sender's trace headers.
  var trace: TraceHeaders?
  var policy = JobPolicy.none
  /// Milliseconds since 1970.
  var createdAt: UInt64 = 0
  /// When its last retry was due, in milliseconds since 1970; 0 if it has none.
  var processAt: UInt64 = 0
  var details: JobDetails?

  static let noID = UUID128(high: 0, low: 0)
}

/// The function that a job is for.
final class JobTarget: Sendable {
  let functionID: ByteKey

  init(_ functionID: ByteKey) { self.functionID = functionID }
}

/// How often a job is tried: set when it is enqueued.
final class JobPolicy: Sendable, Equatable {
  /// Deliveries in all; 0 is as 1.
  let maxAttempts: UInt32
  let backoffMilliseconds: UInt64

  init(maxAttempts: UInt32, backoffMilliseconds: UInt64) {
    self.maxAttempts = maxAttempts
    self.backoffMilliseconds = backoffMilliseconds
  }

  static let none = JobPolicy(maxAttempts: 1, backoffMilliseconds: 0)

  static func == (a: JobPolicy, b: JobPolicy) -> Bool {
    a.maxAttempts == b.maxAttempts && a.backoffMilliseconds == b.backoffMilliseconds
  }

  /// The milliseconds before the retry that follows the failure number `attempts`: doubled each time, without a limit.
  func backoff(after attempts: UInt32) -> UInt64 {
    let doublings = attempts > 0 ? attempts - 1 : 0
    guard doublings < 64 else { return backoffMilliseconds == 0 ? 0 : .max }
    let (product, overflow) = backoffMilliseconds.multipliedReportingOverflow(by: 1 << UInt64(doublings))
    return overflow ? .max : product
  }
}

/// What is known of a job whose delivery has failed once.
final class JobDetails {
  /// The deliveries that have ended: the last ones.
  private(set) var history = FIFO<JobAttempt>()
  /// Why it is a dead letter.
  var error: [UInt8] = []
  /// When it became a dead letter, in milliseconds since 1970.
  var failedAt: UInt64 = 0

  private static let keptAttempts = 100

  func add(_ attempt: JobAttempt) {
    if history.count == JobDetails.keptAttempts { _ = history.popFirst() }
    history.append(attempt)
  }

  var attempts: [JobAttempt] {
    var all: [JobAttempt] = []
    history.forEach { attempt in
      all.append(attempt)
      return true
    }
    return all
  }
}

/// A delivery that has ended.
struct JobAttempt: Sendable {
  /// Milliseconds since 1970.
  let begunAt: UInt64
  let endedAt: UInt64
  /// The worker that it was delivered to; `nil` if there was none, or the function is the engine's own.
  let worker: WorkerLabel?
  /// `nil` if it succeeded.
  let failure: InvocationFailure?
}

/// The present, by both clocks.
struct JobMoment {
  /// By the engine's time source, in nanoseconds.
  var now: UInt64
  /// By the wall clock, in milliseconds since 1970.
  var wall: UInt64
}

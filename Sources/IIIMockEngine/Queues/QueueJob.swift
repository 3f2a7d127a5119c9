public import III

/// A job of a queue, as tests see it.
public struct QueueJob: Sendable, Hashable, Identifiable {
  /// Where a job is.
  public enum State: String, Sendable, Hashable {
    /// It is delivered as soon as its turn comes.
    case waiting
    /// It was delivered and not answered yet.
    case inFlight = "in_flight"
    /// Its delivery failed, and the next one is due later.
    case delayed
    /// It is a dead letter: it is not delivered any more.
    case dead
  }

  /// A delivery of a job that has ended.
  public struct Delivery: Sendable, Hashable {
    /// When it began, in milliseconds since 1970.
    public let begunAtMilliseconds: Int64
    /// When it ended, in milliseconds since 1970.
    public let endedAtMilliseconds: Int64
    /// The worker that the job was delivered to; nil if there was none, or the function is one of the engine.
    public let worker: WorkerLabel?
    /// The code of the error that it ended with; nil if it succeeded.
    public let errorCode: String?
    /// The message of that error.
    public let errorMessage: String?

    /// Whether the function answered without an error.
    public var succeeded: Bool { errorCode == nil }
  }

  /// Identifies the job, for ``MockEngine/QueueControls/redrive(_:)`` and `iii::queue::redrive_message`. It is not the
  /// receipt that its sender got.
  public let id: String
  /// The queue's name; for a job of a durable topic the topic.
  public let queue: String
  /// The function that the job is for; nil if it was published to a topic that nobody is subscribed to.
  public let functionID: String?
  /// The payload.
  public let payload: JSONValue
  /// Where the job is.
  public let state: State
  /// The number of the present or next delivery, from 1 on; of a dead letter that of the last one.
  public let attempt: Int
  /// When it was enqueued, in milliseconds since 1970.
  public let createdAtMilliseconds: Int64
  /// When its last retry was due or is due, in milliseconds since 1970; nil if it was never tried again.
  public let dueAtMilliseconds: Int64?
  /// The deliveries that have ended, oldest first: the last 100 since the engine was started.
  public let history: [Delivery]
  /// Why it is a dead letter, as `engine::queue::dlq_messages` says it; nil if it is none.
  public let error: String?
  /// When it became a dead letter, in milliseconds since 1970.
  public let failedAtMilliseconds: Int64?
}

/// A delivery that a queue has made while it was drained.
public struct DrainedDelivery: Sendable, Hashable {
  /// The id of the job.
  public let jobID: String
  /// The function that was called; nil if the job names none.
  public let functionID: String?
  /// The payload.
  public let payload: JSONValue
  /// The number of the delivery, from 1 on.
  public let attempt: Int
  /// How it ended.
  public let delivery: QueueJob.Delivery
  /// Whether the job became a dead letter.
  public let isDeadLetter: Bool

  /// Whether the function answered without an error.
  public var succeeded: Bool { delivery.succeeded }
}

extension QueueJob.Delivery {
  init(_ attempt: JobAttempt) {
    begunAtMilliseconds = Int64(clamping: attempt.begunAt)
    endedAtMilliseconds = Int64(clamping: attempt.endedAt)
    worker = attempt.worker
    errorCode = attempt.failure?.code
    errorMessage = attempt.failure?.message
  }

  var json: JSONValue {
    [
      "begun_at": .int(begunAtMilliseconds), "ended_at": .int(endedAtMilliseconds),
      "worker_id": worker.map { .string($0.id) } ?? .null, "worker_name": worker?.name.map { .string($0) } ?? .null,
      "error": errorCode.map { ["code": .string($0), "message": .string(errorMessage ?? "")] } ?? .null,
    ]
  }
}

extension QueueJob {
  init(_ slot: UInt32, in broker: QueueBroker) {
    let job = broker.jobs[slot]
    let queue = broker[job.queue]
    id = job.id.description
    self.queue = queue.name.text
    functionID = (job.target ?? queue.consumers.lazy.compactMap(\.target).first)?.functionID.text
    payload = job.data.withView { try? JSONParser.parse($0) } ?? .null
    switch job.state {
    case .active, .forgotten: state = .inFlight
    case .delayed: state = .delayed
    case .dead: state = .dead
    case .free, .saving, .waiting: state = .waiting
    }
    attempt = Int(job.attempts) + (job.state == .dead ? 0 : 1)
    createdAtMilliseconds = Int64(clamping: job.createdAt)
    dueAtMilliseconds = job.processAt == 0 ? nil : Int64(clamping: job.processAt)
    history = (job.details?.attempts ?? []).map { Delivery($0) }
    error = job.state == .dead ? job.details.map { String(decoding: $0.error, as: UTF8.self) } : nil
    failedAtMilliseconds = job.state == .dead ? job.details.map { Int64(clamping: $0.failedAt) } : nil
  }

  /// As `mock::queues::show` answers.
  var json: JSONValue {
    var json: JSONObject = [
      "id": .string(id), "queue": .string(queue), "function_id": functionID.map { .string($0) } ?? .null,
      "payload": payload, "state": .string(state.rawValue), "attempt": .int(Int64(attempt)),
      "created_at": .int(createdAtMilliseconds), "due_at": dueAtMilliseconds.map { .int($0) } ?? .null,
      "history": .array(history.map(\.json)),
    ]
    if let error { json["error"] = .string(error) }
    if let failedAtMilliseconds { json["failed_at"] = .int(failedAtMilliseconds) }
    return .object(json)
  }
}

extension DrainedDelivery {
  init(_ attempt: QueueAttempt) {
    jobID = attempt.jobID.description
    functionID = attempt.functionID?.text
    payload = attempt.data.withView { try? JSONParser.parse($0) } ?? .null
    self.attempt = Int(attempt.number)
    delivery = QueueJob.Delivery(attempt.attempt)
    isDeadLetter = attempt.isDead
  }

  var json: JSONValue {
    [
      "id": .string(jobID), "function_id": functionID.map { .string($0) } ?? .null, "payload": payload,
      "attempt": .int(Int64(attempt)), "delivery": delivery.json, "is_dead_letter": .bool(isDeadLetter),
    ]
  }
}

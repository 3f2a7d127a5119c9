internal import III

/// What a queue is set to that is declared by a name.
struct QueueDefinition: Sendable, Equatable {
  let name: String
  var maxRetries: UInt32 = 3
  var concurrency: UInt32 = 10
  /// The field of the payload that names a job's group; `nil` for a queue without order.
  var groupField: String?
  var backoffMilliseconds: UInt64 = 1000
  var pollMilliseconds: UInt64 = 100
  /// How long an attempt may take; `nil`: until its worker leaves.
  var timeoutMilliseconds: UInt64?
  var retriesAreDisabled = false
  var redeliversAlways = false

  init(name: String) { self.name = name }

  var isFIFO: Bool { groupField != nil }

  /// The name of its jobs' key in listings and in dead letters.
  static func key(of name: ByteKey) -> ByteKey { ByteKey("__fn_queue::\(name.text)") }

  var key: ByteKey { QueueDefinition.key(of: ByteKey(name)) }

  var policy: JobPolicy { JobPolicy(maxAttempts: maxRetries, backoffMilliseconds: backoffMilliseconds) }

  var timeout: Duration? { timeoutMilliseconds.map { .milliseconds(Int64(clamping: $0)) } }
}

/// When queues deliver.
public enum QueueFidelity: Sendable, Hashable {
  /// At once: when a job is enqueued, when a retry is due, when a job ends.
  case eager
  /// At the moments at which the real engine looks for jobs: every `poll_interval_ms` (100 ms) after it found none, and
  /// for topics every 100 ms from the subscription on. ``Compatibility/v0_13`` implies it.
  case polled
}

/// How queues behave where versions of the engine differ.
struct QueueRules: Sendable {
  var fidelity = QueueFidelity.eager
  /// Whether the groups of a FIFO queue run in parallel, and an earlier job of a group holds up later ones until it is
  /// done. Otherwise one job of the whole queue runs at a time, and a job that waits for its retry is overtaken.
  var groupsRunInParallel = true
  /// Whether `maxRetries` and `backoffDelayMs` of a subscription count.
  var subscriptionsSetRetries = true
}

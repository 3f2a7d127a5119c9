internal import III

/// A topic that has subscriptions.
struct QueueTopic {
  /// The subscribed functions, with their queues.
  var shares = OrderedTable<ByteKey, Share>()
  var subscriptions = 0

  struct Share {
    let queue: UInt32
    var subscriptions = 0
  }
}

/// A subscription: a consumer of its function's share of a topic.
struct QueueSubscription {
  let topic: ByteKey
  let functionID: ByteKey
  let queue: UInt32
}

extension QueueBroker {
  /// The key of a function's share of a topic.
  static func shareKey(_ topic: ByteKey, _ functionID: ByteKey) -> ByteKey {
    ByteKey("\(topic.text)::\(functionID.text)")
  }

  /// Begins a subscription; `id` is the place of its trigger in the order of registrations.
  mutating func subscribe(
    _ id: UInt64, trigger: ByteKey, _ functionID: ByteKey, _ config: QueueTriggerSettings, at moment: JobMoment
  ) {
    let key = QueueBroker.shareKey(config.topic, functionID)
    let queue = queue(key, name: config.topic)
    self[queue].name = self[queue].definition == nil ? config.topic : self[queue].name
    var consumer = QueueConsumer(
      id: id, concurrency: config.concurrency, retriesInPlace: config.isFIFO,
      pacing: rules.fidelity == .eager ? .eager : .ticks(interval: config.pollMilliseconds &* 1_000_000),
      now: moment.now)
    consumer.target = functionID.withBytes { target($0) }
    consumer.condition = config.conditionFunctionID
    consumer.triggerID = trigger
    if rules.subscriptionsSetRetries { consumer.policy = config.policy(over: topicPolicy) }
    self[queue].consumers.append(consumer)
    subscriptions[id] = QueueSubscription(topic: config.topic, functionID: functionID, queue: queue)
    var topic = topics[config.topic] ?? QueueTopic()
    topic.subscriptions += 1
    var share = topic.shares[functionID] ?? QueueTopic.Share(queue: queue)
    share.subscriptions += 1
    topic.shares.set(functionID, share)
    topics.set(config.topic, topic)
    makeReady(queue)
  }

  /// Ends a subscription. The jobs of its function's share stay; those that run go on.
  mutating func unsubscribe(_ id: UInt64, at moment: JobMoment) {
    guard let subscription = subscriptions.removeValue(forKey: id) else { return }
    let queue = subscription.queue
    if let index = self[queue].consumers.firstIndex(where: { $0.id == id }) {
      let consumer = self[queue].consumers.remove(at: index)
      if let backoff = consumer.backoff {
        // It waits as any other until the function subscribes again.
        self[queue].active -= 1
        all[Int(queue)].delay(backoff.slot, until: backoff.until, &jobs)
      }
    }
    if var topic = topics[subscription.topic] {
      topic.subscriptions -= 1
      if var share = topic.shares[subscription.functionID] {
        share.subscriptions -= 1
        if share.subscriptions == 0 {
          topic.shares.remove(subscription.functionID)
        } else {
          topic.shares.set(subscription.functionID, share)
        }
      }
      if topic.subscriptions == 0 { topics.remove(subscription.topic) } else { topics.set(subscription.topic, topic) }
    }
    makeReady(queue)
  }

  /// The queues that a message for a topic goes to: the share of each subscribed function, or else the queue with the
  /// topic's own name, which no subscriber reads.
  mutating func queues(forPublishTo topic: ByteKey) -> [UInt32] {
    if let shares = topics[topic]?.shares { return shares.map(\.value.queue) }
    return [queue(topic)]
  }
}

/// What a subscription is set to.
struct QueueTriggerSettings: Equatable {
  let topic: ByteKey
  var conditionFunctionID: ByteKey?
  var isFIFO = false
  var concurrency = 10
  var pollMilliseconds: UInt64 = 100
  /// Retries after the first delivery.
  var maxRetries: UInt32?
  var backoffMilliseconds: UInt64?

  init(topic: ByteKey) { self.topic = topic }

  /// How often jobs are tried, if the subscription says so.
  func policy(over policy: JobPolicy) -> JobPolicy? {
    guard maxRetries != nil || backoffMilliseconds != nil else { return nil }
    return JobPolicy(
      maxAttempts: maxRetries.map { $0 == .max ? .max : $0 + 1 } ?? policy.maxAttempts,
      backoffMilliseconds: backoffMilliseconds ?? policy.backoffMilliseconds)
  }

  /// Reads a trigger's configuration; `nil` if it names no topic. What has a wrong type counts as absent.
  init?(_ config: JSONValue, _ adapter: QueueAdapterSettings, acceptsQueue: Bool) {
    guard case .string(let topic)? = config["topic"] ?? (acceptsQueue ? config["queue"] : nil), !topic.isEmpty else {
      return nil
    }
    self.init(topic: ByteKey(topic))
    if case .string(let id)? = config["condition_function_id"] { conditionFunctionID = ByteKey(id) }
    isFIFO = adapter.isFIFO
    concurrency = Int(clamping: adapter.concurrency)
    guard let queue = config["queue_config"] else {
      if isFIFO { pollMilliseconds = adapter.pollMilliseconds }
      return
    }
    if case .string(let type)? = queue["type"] { isFIFO = type == "fifo" }
    if let number = queue["concurrency"]?.natural { concurrency = Int(clamping: number) }
    maxRetries = queue["maxRetries"]?.natural.map { UInt32(clamping: $0) }
    backoffMilliseconds = queue["backoffDelayMs"]?.natural
    if isFIFO { pollMilliseconds = adapter.pollMilliseconds }
  }
}

extension JSONValue {
  /// A natural number.
  var natural: UInt64? {
    switch self {
    case .int(let number): UInt64(exactly: number)
    case .uint(let number): number
    default: nil
    }
  }
}

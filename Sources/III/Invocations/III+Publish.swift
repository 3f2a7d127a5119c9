extension III {
  /// Publishes to a durable topic: each function that is subscribed to it gets the message, and gets it again until it has
  /// handled it. Needs `iii-queue` in the engine.
  ///
  /// ```swift
  /// try iii.registerTrigger(QueueTriggerConfig(topic: "orders.paid"), functionID: "mail::thank")
  /// try await iii.publish(topic: "orders.paid", data: ["id": 17])
  /// ```
  ///
  /// Returns when the engine has taken the message. Without a subscription it is kept, and delivered to nobody. Subscriptions of
  /// ``SubscribeTriggerConfig`` do not get it: those hear of plain topics, which the function `publish` publishes to.
  ///
  /// - Throws: As ``trigger(_:)``; ``IIIInvocationError`` with the code `topic_not_set` if the topic is empty, and
  ///   `function_not_found` if the engine has no queues.
  public func publish(topic: String, data: JSONValue, timeout: Duration? = nil) async throws {
    try await trigger(
      EngineFunctions.publishDurably, payload: DurableMessage(topic: topic, data: data), timeout: timeout)
  }

  /// Publishes any value that can be encoded to a durable topic.
  ///
  /// - Throws: As with JSON; `EncodingError` if the value cannot be encoded.
  @_disfavoredOverload
  public func publish(topic: String, data: some Encodable & Sendable, timeout: Duration? = nil) async throws {
    try await trigger(
      EngineFunctions.publishDurably, payload: DurableMessage(topic: topic, data: data), timeout: timeout)
  }
}

extension BlockingWorker {
  /// Publishes to a durable topic and blocks the thread until the engine has taken the message.
  ///
  /// - Throws: As `III.publish`, and as ``trigger(_:)`` of this face.
  public func publish(topic: String, data: JSONValue, timeout: Duration? = nil) throws {
    try trigger(EngineFunctions.publishDurably, payload: DurableMessage(topic: topic, data: data), timeout: timeout)
  }

  /// Publishes any value that can be encoded to a durable topic, and blocks the thread until the engine has taken it.
  ///
  /// - Throws: As with JSON; `EncodingError` if the value cannot be encoded.
  @_disfavoredOverload
  public func publish(topic: String, data: some Encodable & Sendable, timeout: Duration? = nil) throws {
    try trigger(EngineFunctions.publishDurably, payload: DurableMessage(topic: topic, data: data), timeout: timeout)
  }
}

/// The input of `iii::durable::publish`.
private struct DurableMessage<Data: Encodable & Sendable>: Encodable, Sendable {
  let topic: String
  let data: Data
}

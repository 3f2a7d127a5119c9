public import III

extension MockEngine {
  /// Publishes to a topic, as a worker's call of `publish` does: the functions of all subscribers are called with `data`.
  ///
  /// ```swift
  /// try await engine.publish(topic: "orders.paid", data: ["id": 17])
  /// ```
  ///
  /// Needs ``BuiltIn/pubSub``. Returns when the calls have been begun, not when they have been answered; with no
  /// subscribers nothing happens.
  ///
  /// - Throws: `IIIInvocationError` with the code `topic_not_set` if the topic is empty; ``MockEngineError/stopped``;
  ///   ``MockEngineError/builtInIsOff(_:)``.
  public func publish(topic: String, data: JSONValue) async throws {
    let input = PublishInput(topic: Array(topic.utf8), data: data.jsonBytes)
    let failure = try await core.ask(.pubSub) { (worker: PubSubWorker) in worker.publish(input) }
    if let failure {
      throw IIIInvocationError(code: failure.code, message: failure.message)
    }
  }

  /// Publishes any value that can be encoded to a topic.
  ///
  /// - Throws: As `publish(topic:data:)` with JSON, and `EncodingError` if the value cannot be encoded.
  @_disfavoredOverload
  public func publish(topic: String, data: some Encodable & Sendable) async throws {
    try await publish(topic: topic, data: JSONValue(encoding: data))
  }
}

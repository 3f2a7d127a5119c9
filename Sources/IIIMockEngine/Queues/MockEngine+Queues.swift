public import III

extension MockEngine {
  /// A queue of the engine, or a durable topic. Needs ``BuiltIn/queues``.
  ///
  /// ```swift
  /// let payments = engine.queue("payments")
  /// try await payments.pause()
  /// try await payments.enqueue("payments::charge", payload: ["amount": 3])
  /// let deliveries = try await payments.drain()
  /// #expect(deliveries.first?.succeeded == true)
  /// ```
  public func queue(_ name: String) -> QueueControls { QueueControls(engine: self, name: name) }

  /// What a test sees of a queue and does with it.
  ///
  /// The name of a declared queue, of a topic that has subscriptions, or the key of what has no subscription any more
  /// (`topic::function`). Methods throw ``MockEngineError/stopped``, ``MockEngineError/builtInIsOff(_:)``, and those that
  /// change something ``MockEngineError/unknownQueue(_:)``.
  public struct QueueControls: Sendable {
    let engine: MockEngine
    /// The queue's name.
    public let name: String

    /// Whether failed jobs are tried again.
    public enum Retries: Sendable, Hashable {
      /// As often as the job was meant to be tried when it was enqueued.
      case enabled
      /// A job is a dead letter when its first delivery fails.
      case disabled
    }

    /// Whether jobs are delivered again that have succeeded.
    public enum Redelivery: Sendable, Hashable {
      /// Only failed ones are.
      case onFailure
      /// Every job is delivered twice: is its function idempotent?
      case always
    }

    // MARK: Jobs

    /// All jobs that are not dead letters, oldest first.
    public var jobs: [QueueJob] { get async throws { try await ask { $0.jobs($1) } } }

    /// The jobs that were delivered and not answered, oldest first.
    public var inFlight: [QueueJob] { get async throws { try await jobs.filter { $0.state == .inFlight } } }

    /// The dead letters, newest first.
    public var deadLetters: [QueueJob] { get async throws { try await ask { $0.deadLetters($1) } } }

    /// Puts a call of a function into the queue, as a worker does with `action: .enqueue(queue:)`. A paused queue keeps
    /// it.
    ///
    /// - Returns: The receipt.
    /// - Throws: `IIIInvocationError` with the code `enqueue_error` if no queue with this name is declared, if its group
    ///   field is missing, or if the job cannot be saved.
    @discardableResult
    public func enqueue(_ functionID: String, payload: JSONValue = .null) async throws -> String {
      let (function, data, name) = (Array(functionID.utf8), payload.jsonBytes, ByteKey(name))
      let result: Result<String, InvocationFailure> = try await command { worker, done in
        function.withView { function in
          name.withBytes { name in data.withView { worker.enqueue(function, $0, queue: name, then: done) } }
        }
      }
      switch result {
      case .success(let receipt): return receipt
      case .failure(let failure): throw IIIInvocationError(code: failure.code, message: failure.message)
      }
    }

    /// Puts a call of a function into the queue, with any payload that can be encoded.
    ///
    /// - Throws: As with JSON, and `EncodingError` if the payload cannot be encoded.
    @_disfavoredOverload
    @discardableResult
    public func enqueue(_ functionID: String, payload: some Encodable & Sendable) async throws -> String {
      try await enqueue(functionID, payload: JSONValue(encoding: payload))
    }

    // MARK: Deliveries

    /// Stops deliveries until `resume`. What is in flight goes on.
    public func pause() async throws { try await change { $0.setPaused(true, $1) } }

    /// Delivers again.
    public func resume() async throws { try await change { $0.setPaused(false, $1) } }

    /// Sets what happens to jobs after their deliveries, from now on.
    public func set(retries: Retries? = nil, redelivery: Redelivery? = nil) async throws {
      try await change { worker, name in
        if let retries { worker.setRetries(disabled: retries == .disabled, name) }
        if let redelivery { worker.setRedelivery(always: redelivery == .always, name) }
      }
    }

    /// Runs everything that is due now, one job at a time in the order of the queue, and waits until it has ended; also
    /// what is in flight already. A paused queue stays paused. Retries that become due meanwhile are left.
    ///
    /// - Parameter limit: How long to wait, in real time.
    /// - Returns: What was delivered, in order.
    /// - Throws: ``MockEngineError/timedOut(_:)`` if a function does not answer.
    @discardableResult
    public func drain(within limit: Duration = .seconds(10)) async throws -> [DrainedDelivery] {
      try await check()
      let name = ByteKey(name)
      let timer = Task {
        do { try await engine.core.wait(for: .end, within: limit) } catch MockEngineError.timedOut {
          try? await engine.core.ask(.queues) { (worker: QueueWorker) in worker.endDrains(name) }
          return true
        } catch {}
        return false
      }
      let result: Result<[DrainedDelivery], MockEngineError> = try await command { $0.beginDrain(name, then: $1) }
      timer.cancel()
      if await timer.value {
        let open = try await inFlight.map { "job \($0.id) of function '\($0.functionID ?? "")'" }
        throw MockEngineError.timedOut(
          "queue '\(self.name)' was not drained within \(limit): \(open.joined(separator: ", ")) did not end")
      }
      return try result.get()
    }

    /// Removes all jobs that are not in flight, dead letters included; returns how many.
    @discardableResult public func clear() async throws -> Int { try await change { $0.clear($1) } }

    // MARK: Dead letters

    /// Moves all dead letters back to the queue, the oldest first, with all their attempts; returns how many.
    @discardableResult public func redrive() async throws -> Int { try await change { $0.redrive($1, nil) } }

    /// Moves one dead letter back to the queue; returns whether there is one with this id.
    @discardableResult public func redrive(_ id: String) async throws -> Bool {
      try await change { $0.redrive($1, id) } == 1
    }

    /// Removes all dead letters; returns how many.
    @discardableResult public func discard() async throws -> Int { try await change { $0.discard($1, nil) } }

    /// Removes one dead letter; returns whether there is one with this id.
    @discardableResult public func discard(_ id: String) async throws -> Bool {
      try await change { $0.discard($1, id) } == 1
    }

    /// Suspends until the queue has so many dead letters; returns at once if it has.
    ///
    /// ```swift
    /// let letter = try await engine.queue("payments").waitForDeadLetter()
    /// #expect(letter.history.last?.errorCode == "DECLINED")
    /// ```
    ///
    /// - Parameters:
    ///   - count: How many dead letters are waited for.
    ///   - limit: How long to wait, in real time.
    /// - Returns: The newest dead letter.
    /// - Throws: ``MockEngineError/timedOut(_:)``; `CancellationError`.
    @discardableResult
    public func waitForDeadLetter(count: Int = 1, within limit: Duration = .seconds(10)) async throws -> QueueJob {
      _ = try await ask { $0.jobs($1).isEmpty }
      try await engine.core.wait(for: .deadLetter(ByteKey(name), count: max(count, 1)), within: limit)
      guard let newest = try await deadLetters.first else { throw MockEngineError.stopped }
      return newest
    }

    // MARK: Internals

    private func ask<Result: Sendable>(
      _ body: @escaping @Sendable (QueueWorker, ByteKey) -> Result
    ) async throws -> Result {
      let name = ByteKey(name)
      return try await engine.core.ask(.queues) { (worker: QueueWorker) in body(worker, name) }
    }

    private func check() async throws {
      if let problem = try await ask({ $0.missing($1) }) { throw MockEngineError.unknownQueue(problem) }
    }

    private func change<Result: Sendable>(
      _ body: @escaping @Sendable (QueueWorker, ByteKey) -> Result
    ) async throws -> Result {
      let result: Result? = try await ask { $0.missing($1) == nil ? body($0, $1) : nil }
      if let result { return result }
      try await check()
      throw MockEngineError.unknownQueue("there is no queue or topic '\(name)'")
    }

    /// Does something on the engine's loop whose result comes later.
    private func command<Value: Sendable>(
      _ body: @escaping @Sendable (QueueWorker, @escaping @Sendable (Value) -> Void) -> Void
    ) async throws -> Value {
      try await withCheckedThrowingContinuation { continuation in
        Task(executorPreference: engine.core.loop) {
          do {
            try await engine.core.ask(.queues) { (worker: QueueWorker) in
              body(worker) { continuation.resume(returning: $0) }
            }
          } catch {
            continuation.resume(throwing: error)
          }
        }
      }
    }
  }
}

extension MockEngine.Configuration {
  /// A queue, as `queue_configs` of a configuration file declares it.
  public struct Queue: Sendable, Hashable {
    /// How often a job is delivered before it is a dead letter: deliveries in all, not only retries.
    public var maxRetries = 3
    /// Jobs that may be in flight at the same time. Of a FIFO queue: groups.
    public var concurrency = 10
    /// The member of the payload whose value tells groups apart; it makes the queue a FIFO queue: the jobs of a group are
    /// delivered one after another.
    public var messageGroupField: String?
    /// The time before the first retry; it doubles with each further one.
    public var backoff: Duration = .seconds(1)
    /// How often the real engine looks for jobs; it matters to ``QueueFidelity/polled`` only.
    public var pollInterval: Duration = .milliseconds(100)
    /// How long a delivery may take before it has failed; nil: until its worker leaves.
    public var timeout: Duration?
    /// Whether failed jobs are tried again.
    public var retries = MockEngine.QueueControls.Retries.enabled
    /// Whether jobs are delivered again that have succeeded.
    public var redelivery = MockEngine.QueueControls.Redelivery.onFailure

    /// A queue with defaults for what is not given.
    public init(
      maxRetries: Int = 3, concurrency: Int = 10, messageGroupField: String? = nil, backoff: Duration = .seconds(1),
      timeout: Duration? = nil
    ) {
      self.maxRetries = maxRetries
      self.concurrency = concurrency
      self.messageGroupField = messageGroupField
      self.backoff = backoff
      self.timeout = timeout
    }
  }

  /// The declared queues, by name. A queue `default` with the defaults exists unless the engine is strict. Needs
  /// ``MockEngine/BuiltIn/queues``.
  ///
  /// ```swift
  /// var configuration = MockEngine.Configuration()
  /// configuration.queues["payments"] = .init(maxRetries: 5, messageGroupField: "account")
  /// ```
  public var queues: [String: Queue] {
    get {
      let all = selection.find(QueueSettings.self)?.queues ?? []
      return Dictionary(uniqueKeysWithValues: all.map { ($0.name, Queue($0)) })
    }
    set {
      var settings = selection.find(QueueSettings.self) ?? QueueSettings()
      let names = settings.queues.map(\.name).filter { newValue[$0] != nil }
      let added = newValue.keys.filter { !names.contains($0) }.sorted()
      settings.queues = (names + added).compactMap { name in newValue[name].map { QueueDefinition(name, $0) } }
      selection.set(settings)
    }
  }

  /// When queues deliver; at once by default. ``Compatibility/v0_13`` implies ``QueueFidelity/polled``.
  public var queueFidelity: QueueFidelity {
    get { selection.find(QueueSettings.self)?.fidelity ?? .eager }
    set {
      var settings = selection.find(QueueSettings.self) ?? QueueSettings()
      settings.fidelity = newValue
      selection.set(settings)
    }
  }

  /// The folder in which queues keep their jobs, so that they survive the engine; nil: in memory.
  public var queueFolder: String? {
    get { selection.find(QueueSettings.self)?.adapter.store.folder }
    set {
      var settings = selection.find(QueueSettings.self) ?? QueueSettings()
      settings.adapter.store.setFolder(newValue)
      selection.set(settings)
    }
  }
}

extension MockEngine.Configuration.Queue {
  init(_ definition: QueueDefinition) {
    self.init(
      maxRetries: Int(definition.maxRetries), concurrency: Int(definition.concurrency),
      messageGroupField: definition.groupField,
      backoff: .milliseconds(Int64(clamping: definition.backoffMilliseconds)), timeout: definition.timeout)
    pollInterval = .milliseconds(Int64(clamping: definition.pollMilliseconds))
    retries = definition.retriesAreDisabled ? .disabled : .enabled
    redelivery = definition.redeliversAlways ? .always : .onFailure
  }
}

extension QueueDefinition {
  init(_ name: String, _ queue: MockEngine.Configuration.Queue) {
    self.init(name: name)
    maxRetries = UInt32(clamping: queue.maxRetries)
    concurrency = UInt32(clamping: queue.concurrency)
    groupField = queue.messageGroupField
    backoffMilliseconds = queue.backoff.milliseconds
    pollMilliseconds = queue.pollInterval.milliseconds
    timeoutMilliseconds = queue.timeout?.milliseconds
    retriesAreDisabled = queue.retries == .disabled
    redeliversAlways = queue.redelivery == .always
  }
}

internal import III

extension MockEngine {
  /// The engine's clock, for code that is tested: it sleeps by the engine's time.
  public var clock: EngineClock { EngineClock(core: core) }

  /// The present of the engine's clock.
  public var now: EngineClock.Instant { clock.now }

  /// Moves the manual clock of this engine by `duration`, as if that time passed: time-outs, delays, schedules and
  /// ``EngineClock/sleep(until:tolerance:)`` end in the order of their deadlines.
  ///
  /// The clock stops at each deadline, and goes on when nothing is under way any more (``settle(ignoring:)``). So it settles at least twice:
  /// before it moves, and when it has arrived.
  ///
  /// ```swift
  /// var configuration = MockEngine.Configuration()
  /// configuration.clock = .manual
  /// try await withMockEngine(configuration) { engine in
  ///   …
  ///   try await engine.advance(by: .seconds(30))
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - duration: Up to 100 years.
  ///   - functions: Ids of functions whose calls are not waited for, because they stay open; `*` stands for any text.
  /// - Throws: ``MockEngineError/clockIsNotManual``; ``MockEngineError/invalidAdvance(_:)`` if the span is negative or endless, while another
  ///   advance runs, and in a handler of this engine; as ``settle(ignoring:)``.
  public func advance(by duration: Duration, ignoring functions: [String] = []) async throws {
    try await core.refuseInHandlers("advance")
    try await core.advance(by: duration, ignoring: functions)
  }

  /// As ``advance(by:ignoring:)``, up to a moment of the engine's clock, which must not lie in the past.
  public func advance(to moment: EngineClock.Instant, ignoring functions: [String] = []) async throws {
    try await core.refuseInHandlers("advance")
    try await core.advance(to: moment, ignoring: functions)
  }

  /// Suspends until nothing is under way in the engine: no bytes that were not read, no frame or call that waits to be sent, no timer that
  /// is due, no worker that connects, no invocation that was delivered and not answered.
  ///
  /// Not waited for are calls that a stub or a fault holds, handlers that wait for a call or sleep by ``clock``, and calls of `functions`.
  /// A call counts as soon as it has been handed to its worker; a task that has not called yet is unknown, so let it meet the test first.
  ///
  /// What is known depends on where a worker runs. Of workers of ``registerWorker(options:)`` it is known what their handlers do. Of other
  /// workers, as those of other processes, only the connection is known: the engine waits until they have answered a ping that follows the
  /// last frame, and until they have answered their invocations, unless they wait for as many calls of their own. A peer that answers no
  /// ping is not asked again. What such a worker does without a call is not known.
  ///
  /// - Parameter functions: Ids of functions whose calls are not waited for; `*` stands for any text.
  /// - Throws: ``MockEngineError/notSettled(_:)``, with a list of what is under way, if nothing has happened for
  ///   ``Configuration/settlePatience``; ``MockEngineError/invalidAdvance(_:)`` in a handler of this engine, which would wait for itself;
  ///   ``MockEngineError/stopped``.
  public func settle(ignoring functions: [String] = []) async throws {
    try await core.refuseInHandlers("settle")
    try await core.settle(ignoring: functions)
  }

  /// Runs the handlers of ``registerWorker(options:)`` one after another, where the engine has a manual clock; elsewhere the global executor.
  ///
  /// A task that a test starts with it counts as a handler does: the engine is not settled while it runs.
  ///
  /// ```swift
  /// Task(executorPreference: engine.taskExecutor) {
  ///   while true {
  ///     try await engine.clock.sleep(for: .seconds(1))
  ///     await poll()
  ///   }
  /// }
  /// ```
  public var taskExecutor: any TaskExecutor { core.executor ?? globalConcurrentExecutor }
}

internal import III
internal import UV

/// Waiting until the engine has settled, and moving its clock.
extension EngineCore {
  /// Suspends until nothing is under way.
  func settle(ignoring functions: [String] = []) async throws {
    try await settle(ignoring: functions.map { WildcardPattern($0) })
  }

  private func settle(ignoring patterns: [WildcardPattern]) async throws {
    let watch = try settling()
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      watch.wait(ignoring: patterns) { continuation.resume(with: $0.mapError { $0 }) }
    }
  }

  /// As `settle`, for a function of the engine, which calls back.
  func settle(ignoring functions: [String], then done: @escaping SettleWatch.Done) {
    do {
      try settling().wait(ignoring: functions.map { WildcardPattern($0) }, done)
    } catch {
      done(.failure(.stopped))
    }
  }

  /// Moves a manual clock to a moment of its wall clock, deadline by deadline, and settles before and after each.
  func advance(to moment: EngineClock.Instant, ignoring functions: [String] = []) async throws {
    guard moment.nanoseconds >= wallClock else {
      throw MockEngineError.invalidAdvance(
        "the clock cannot go back to \(moment): it shows \(EngineClock.Instant(nanoseconds: wallClock))")
    }
    try await advance(by: .nanoseconds(clamping: moment.nanoseconds - wallClock), ignoring: functions)
  }

  /// Moves a manual clock by a span.
  func advance(by span: Duration, ignoring functions: [String] = []) async throws {
    guard time.isManual else { throw MockEngineError.clockIsNotManual }
    guard span >= .zero else {
      throw MockEngineError.invalidAdvance("the clock cannot go back: it was to be advanced by \(span)")
    }
    let (target, overflow) = time.now.addingReportingOverflow(span.nanoseconds)
    guard !overflow, span <= EngineCore.longestAdvance else {
      throw MockEngineError.invalidAdvance(
        "the clock was to be advanced by \(span): the longest span is \(EngineCore.longestAdvance), 100 years")
    }
    guard !isAdvancing else {
      throw MockEngineError.invalidAdvance(
        "the clock is being advanced already: two advances at once have no order, so wait for the first")
    }
    isAdvancing = true
    defer { isAdvancing = false }
    let patterns = functions.map { WildcardPattern($0) }
    try await settle(ignoring: patterns)
    while await time.step(to: target) {
      try await settle(ignoring: patterns)
    }
  }

  private static let longestAdvance = Duration.seconds(100 * 366 * 86_400)

  /// Throws in a handler of this engine: its invocation would be waited for by itself.
  nonisolated func refuseInHandlers(_ what: String) async throws {
    if let activity = HandlerActivity.current {
      guard await runs(activity) else { return }
      throw MockEngineError.invalidAdvance(EngineCore.refusal(what, activity.functionID))
    }
    guard let context = InvocationContext.current, let id = context.invocationID.flatMap({ UUID128($0) }) else {
      return
    }
    if await isInFlight(id) { throw MockEngineError.invalidAdvance(EngineCore.refusal(what, context.functionID)) }
  }

  private static func refusal(_ what: String, _ functionID: String) -> String {
    "\(what) was called in the handler of '\(functionID)', so it would wait for its own end: call it in the test"
  }

  // MARK: Sleeping

  func begin(_ sleeper: Sleeper, until moment: UInt64) {
    sleepers.begin(sleeper)
    guard let timers = host?.timers else { return sleepers.endAll() }
    let wallClock = self.wallClock
    let wait = moment > wallClock ? moment - wallClock : 0
    let timer = timers.schedule(at: timers.now.addingReportingOverflow(wait).overflow ? .max : timers.now + wait) {
      [weak self] in self?.assumeIsolated { $0.sleepers.wake(sleeper) }
    }
    sleepers.set(timer, of: sleeper)
  }

  func cancel(_ sleeper: Sleeper) { if let timer = sleepers.cancel(sleeper) { host?.timers.cancel(timer) } }

  // MARK: Time that does not move

  /// A worker of this engine waits for a call. If time does not move, the call's time-out never comes: after a while the log says so.
  func callBegan() {
    guard time.isManual, standstill == nil else { return }
    let now = time.now
    standstill = watchdogTimers.schedule(after: patience) { [weak self] in
      self?.assumeIsolated { $0.checkStandstill(since: now) }
    }
  }

  private func checkStandstill(since moment: UInt64) {
    standstill = nil
    guard let host else { return }
    let isStanding = time.now == moment && !isAdvancing && !hasWarnedOfStandstill
    let hasCalls = host.warnOfWaitingCalls { functions in
      guard isStanding else { return nil }
      let names = functions.sorted().prefix(5).map { "'\($0)'" }.joined(separator: ", ")
      return
        "time stands still: a call of \(names) has waited for \(patience) of real time, and the "
        + "engine's clock is manual, so its time-out never comes: advance the clock with `engine.advance(by:)`"
    }
    // One line is enough until time moves.
    hasWarnedOfStandstill = hasCalls && time.now == moment
    if hasCalls, !hasWarnedOfStandstill { callBegan() }
  }
}

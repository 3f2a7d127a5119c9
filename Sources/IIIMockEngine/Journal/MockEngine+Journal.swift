internal import III

extension MockEngine {
  /// What has happened in this engine.
  public var journal: Journal { Journal(core: core) }

  /// Checks how often a function was called: passed on to a worker or to a built-in worker, whether or not it has answered.
  /// Calls that were denied or found no function do not count.
  ///
  /// - Parameters:
  ///   - functionID: The function's id; `*` stands for any text.
  ///   - count: How often it was called.
  /// - Throws: ``MockEngineError/verificationFailed(_:)``, which says what was called instead.
  public func verify(_ functionID: String, calledTimes count: Int) async throws {
    try await verify(functionID, called: count...count)
  }

  /// Checks that a function was called at least once.
  ///
  /// - Throws: As ``verify(_:calledTimes:)``.
  public func verify(_ functionID: String) async throws { try await verify(functionID, called: 1...) }

  /// Checks that the number of a function's calls is in a range, as `2...` or `0...1`.
  ///
  /// - Throws: As ``verify(_:calledTimes:)``.
  public func verify(_ functionID: String, called range: some RangeExpression<Int> & Sendable) async throws {
    let called = await journal.count(of: functionID).called
    guard !range.contains(called) else { return }
    throw MockEngineError.verificationFailed(
      await core.verification(of: functionID, expected: CallVerification.expectation(range)).text)
  }

  /// Suspends until a function was called so often since the engine's start or ``Journal/clear()``; returns at once if it was.
  ///
  /// - Parameters:
  ///   - functionID: The function's id; `*` stands for any text.
  ///   - count: How many calls are waited for.
  ///   - limit: How long to wait, by real time on every clock; 10 s by default.
  /// - Throws: ``MockEngineError/timedOut(_:)``, which says what was called instead; `CancellationError`, or
  ///   ``MockEngineError/stopped``.
  public func waitForInvocation(
    of functionID: String, count: Int = 1, within limit: Duration = .seconds(10)
  ) async throws {
    try await core.wait(for: .invocation(WildcardPattern(functionID), count: count), within: limit)
  }

  /// Suspends until so many calls of a function have ended, with a result or an error.
  ///
  /// - Throws: As ``waitForInvocation(of:count:within:)``.
  public func waitForCompletion(
    of functionID: String, count: Int = 1, within limit: Duration = .seconds(10)
  ) async throws {
    try await core.wait(for: .completion(WildcardPattern(functionID), count: count), within: limit)
  }

  /// Suspends until a condition holds. It is evaluated now, and whenever something has happened in the engine.
  ///
  /// ```swift
  /// try await engine.waitUntil("three pings") { await engine.journal.frames(.ping).count == 3 }
  /// ```
  ///
  /// - Parameters:
  ///   - what: What is waited for, for the error's text.
  ///   - limit: How long to wait, by real time on every clock.
  ///   - isolation: The actor on which the condition is evaluated; the caller's.
  ///   - condition: What must hold.
  /// - Throws: ``MockEngineError/timedOut(_:)``, with the last entries of the journal; `CancellationError`,
  ///   ``MockEngineError/stopped``, or what `condition` throws.
  public func waitUntil(
    _ what: String = "the condition", within limit: Duration = .seconds(10),
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
      let seen = await core.changes
      if try await condition() { return }
      let left = deadline - ContinuousClock.now
      guard left > .zero else { throw MockEngineError.timedOut(await core.unmet(what, within: limit)) }
      do {
        try await core.wait(for: .change(after: seen), within: left)
      } catch MockEngineError.timedOut {
        throw MockEngineError.timedOut(await core.unmet(what, within: limit))
      }
    }
  }
}

extension CallVerification {
  /// A range in words.
  static func expectation(_ range: some RangeExpression<Int>) -> String {
    switch range {
    case let range as ClosedRange<Int>:
      range.lowerBound == range.upperBound
        ? "\(range.lowerBound) \(range.lowerBound == 1 ? "time" : "times")"
        : "\(range.lowerBound) to \(range.upperBound) times"
    case let range as PartialRangeFrom<Int>: "at least \(range.lowerBound) \(range.lowerBound == 1 ? "time" : "times")"
    default: "\(range) times"
    }
  }
}

extension EngineCore {
  /// A copy of the journal from an entry on.
  func journal(from number: UInt64) -> JournalSnapshot {
    recorder?.snapshot(from: number, engine?.peers.journalConnections ?? [:]) ?? JournalSnapshot()
  }

  /// A copy of the entries with a number above `number`.
  func journal(after number: UInt64) -> JournalSnapshot { journal(from: number == .max ? number : number + 1) }

  var changes: UInt64 { recorder?.changes ?? 0 }

  func calls(of pattern: WildcardPattern) -> CallCounts.Count {
    engine?.calls(of: pattern) ?? recorder?.counts.count(of: pattern, FunctionRegistry()) ?? .init()
  }

  func clearJournal() {
    guard let engine else { return }
    recorder?.clear(engine.router.functions)
  }

  /// Suspends until there are entries above a number.
  func waitForEntries(after number: UInt64) async throws {
    if let recorder, recorder.hasEntries(after: number) { return }
    try await wait(for: .entry(after: number))
  }

  func verification(of functionID: String, expected: String) -> CallVerification {
    let pattern = WildcardPattern(functionID)
    let snapshot = journal(from: 1)
    let functions = engine?.router.functions ?? FunctionRegistry()
    return CallVerification(
      functionID: functionID, expected: expected, count: calls(of: pattern),
      entries: JournalDecoder(snapshot).entries, dropped: Int(clamping: snapshot.dropped),
      called: (recorder?.counts.calledIDs(functions) ?? []).map {
        ($0, calls(of: WildcardPattern($0)).invoked)
      },
      registered: functions.all.filter { $0.target.owner != nil }.map(\.name.text))
  }

  /// The text for a condition that did not hold in time.
  func unmet(_ what: String, within limit: Duration) -> String {
    let entries = JournalDecoder(journal(from: max(recorder?.next ?? 1, 11) - 10)).entries
    let tail = entries.suffix(10).map { "\n  \($0)" }.joined()
    return "\(what) did not come true within \(limit); "
      + (entries.isEmpty ? "the journal is empty" : "the last entries of the journal are:\(tail)")
  }
}

internal import III
internal import UV

/// Waits until nothing is under way in an engine. Confined to the engine's loop.
///
/// While somebody waits, each turn of the loop is looked at. Only after a whole turn in which nothing happened is it worth asking what is
/// under way; if something is, the next turn waits for an event, so nothing is polled.
final class SettleWatch {
  typealias Done = (Result<Void, MockEngineError>) -> Void

  private struct Waiter {
    /// Functions whose calls do not count.
    let ignoring: [WildcardPattern]
    let done: Done
  }

  private let loop: Loop
  /// What is under way, apart from the loop's own work; asked on the loop. What other threads do is looked at first: what they
  /// have posted before shows as work of the loop.
  private let inFlight: () -> [InFlight]
  /// Pings the workers that may not have read everything; returns those whose answer is awaited.
  private let acknowledge: () -> [InFlight]
  /// Gives up waiting for answers to pings.
  private let stopAcknowledging: () -> Void
  /// The engine's time, for texts.
  private let engineNow: () -> UInt64
  private let realTimers: LoopTimers
  /// How long nothing may happen, in real time.
  private let patience: Duration
  private let flag: SettleFlag

  private var waiters: [Waiter] = []
  private var seen: UInt64 = 0
  /// When something last happened, in real time.
  private var lastEvent: UInt64 = 0
  private var watchdog: TimerToken?

  init(
    on loop: Loop, patience: Duration, flag: SettleFlag, realTimers: LoopTimers,
    engineNow: @escaping () -> UInt64, inFlight: @escaping () -> [InFlight], acknowledge: @escaping () -> [InFlight],
    stopAcknowledging: @escaping () -> Void
  ) {
    self.loop = loop
    self.patience = patience
    self.flag = flag
    self.realTimers = realTimers
    self.engineNow = engineNow
    self.inFlight = inFlight
    self.acknowledge = acknowledge
    self.stopAcknowledging = stopAcknowledging
  }

  var isWaiting: Bool { !waiters.isEmpty }

  /// Calls `done` once nothing is under way, or nothing has happened for too long although something is.
  func wait(ignoring: [WildcardPattern], _ done: @escaping Done) {
    waiters.append(Waiter(ignoring: ignoring, done: done))
    lastEvent = monotonicNanoseconds()
    guard waiters.count == 1 else { return }
    flag.isSet = true
    seen = .max
    loop.watchTurns { [unowned self] in turnEnded($0) }
    loop.keepsPolling = true
    watch(after: patience)
  }

  /// Ends all waits.
  func endAll(_ error: MockEngineError) { finish(waiters.indices.map { ($0, .failure(error)) }) }

  private func turnEnded(_ activity: UInt64) {
    if activity != seen || loop.hasWork {
      if activity != seen { lastEvent = monotonicNanoseconds() }
      seen = activity
      loop.keepsPolling = true
      return
    }
    let all = inFlight()
    var settled = waiters.indices.filter { isSettled(waiters[$0], all) }
    if !settled.isEmpty, !acknowledge().isEmpty { settled = [] }
    // What was posted by what has just been seen to be done.
    if loop.hasWork { return }
    loop.keepsPolling = false
    finish(settled.map { ($0, .success(())) })
  }

  private func isSettled(_ waiter: Waiter, _ all: [InFlight]) -> Bool { all.allSatisfy { isIgnored($0, by: waiter) } }

  private func isIgnored(_ one: InFlight, by waiter: Waiter) -> Bool {
    guard !waiter.ignoring.isEmpty, let id = one.functionID else { return false }
    return waiter.ignoring.contains { $0.matches(id) }
  }

  private func finish(_ ended: [(index: Int, result: Result<Void, MockEngineError>)]) {
    let done = ended.map { (waiters[$0.index].done, $0.result) }
    for index in ended.map(\.index).sorted(by: >) { waiters.remove(at: index) }
    if waiters.isEmpty {
      flag.isSet = false
      loop.watchTurns(nil)
      if let watchdog { realTimers.cancel(watchdog) }
      watchdog = nil
    }
    for (done, result) in done { done(result) }
  }

  // MARK: The watchdog

  private func watch(after span: Duration) {
    watchdog = realTimers.schedule(after: span) { [unowned self] in
      watchdog = nil
      look()
    }
  }

  private func look() {
    let limit = patience.nanoseconds
    let silence = monotonicNanoseconds() &- lastEvent
    guard silence >= limit else { return watch(after: .nanoseconds(clamping: limit - silence)) }
    let all = inFlight()
    let awaited = acknowledge()
    if all.isEmpty, !awaited.isEmpty {
      // Some peers answer no pings: from now on what they are sent counts as read.
      stopAcknowledging()
      lastEvent = monotonicNanoseconds()
      loop.keepsPolling = true
      return watch(after: patience)
    }
    let now = engineNow()
    let realNow = monotonicNanoseconds()
    finish(
      waiters.indices.map { index in
        let waiter = waiters[index]
        let held = all.filter { !isIgnored($0, by: waiter) } + awaited
        return (
          index, .failure(.notSettled(SettleWatch.text(held.map { $0.text(realNow: realNow, now: now) }, patience)))
        )
      })
  }

  private static func text(_ lines: [String], _ patience: Duration) -> String {
    let shown = lines.prefix(20).map { "\n  \($0)" }.joined()
    let more = lines.count > 20 ? "\n  and \(lines.count - 20) more" : ""
    return "the engine did not settle: nothing happened for \(patience) of real time, but something is under way "
      + "(a call that is meant to stay open can be named: `advance(by:ignoring:)`):\(shown)\(more)"
  }
}

/// Whether somebody waits until the engine has settled; read on other threads.
final class SettleFlag: Sendable {
  private let value = Lock(false)

  var isSet: Bool {
    get { value.withLock { $0 } }
    set { value.withLock { $0 = newValue } }
  }
}

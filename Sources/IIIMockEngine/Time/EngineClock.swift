internal import III
internal import UV

/// The clock of a ``MockEngine``: the machine's, or one that a test advances.
///
/// All time-outs, delays and schedules of the engine and of the workers of ``MockEngine/registerWorker(options:)`` follow it. Code
/// that is tested can use it too:
///
/// ```swift
/// try await engine.clock.sleep(for: .seconds(30))   // returns when a test has advanced the engine's clock by 30 s
/// ```
public struct EngineClock: _Concurrency.Clock {
  /// A moment of an engine's clock.
  public struct Instant: InstantProtocol, CustomStringConvertible {
    /// The time since 1 January 1970, 00:00:00 UTC.
    public let sinceEpoch: Duration

    /// The moment that is `duration` after 1 January 1970, 00:00:00 UTC.
    public init(sinceEpoch duration: Duration) { sinceEpoch = duration }

    init(nanoseconds: UInt64) { sinceEpoch = .nanoseconds(clamping: nanoseconds) }

    var nanoseconds: UInt64 { sinceEpoch.nanoseconds }

    /// The moment that is `duration` after this one, or before it if that is negative.
    public func advanced(by duration: Duration) -> Instant { Instant(sinceEpoch: sinceEpoch + duration) }
    /// The time from this moment to `other`; negative if that is earlier.
    public func duration(to other: Instant) -> Duration { other.sinceEpoch - sinceEpoch }
    /// Whether `one` is earlier.
    public static func < (one: Instant, other: Instant) -> Bool { one.sinceEpoch < other.sinceEpoch }

    /// As RFC 3339 in UTC, with a fraction where there is one.
    public var description: String { UTCTime.text(nanoseconds: nanoseconds) }
  }

  let core: EngineCore

  /// The present. On a manual clock it moves only by ``MockEngine/advance(by:ignoring:)`` and its relatives.
  public var now: Instant { Instant(nanoseconds: core.wallClock) }

  /// A nanosecond.
  public var minimumResolution: Duration { .nanoseconds(1) }

  /// Suspends until the clock has reached `deadline`; returns at once if it has.
  ///
  /// A handler that sleeps so counts as waiting: ``MockEngine/settle(ignoring:)`` does not wait for it.
  ///
  /// - Parameters:
  ///   - deadline: When the sleep ends.
  ///   - tolerance: Ignored.
  /// - Throws: `CancellationError` if the task is cancelled; ``MockEngineError/stopped`` if the engine is shut down.
  public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
    try Task.checkCancellation()
    try await core.sleep(until: deadline.nanoseconds)
  }
}

extension MockEngine.Configuration {
  /// What an engine's time follows.
  public enum Clock: Sendable, Hashable {
    /// The machine's clock.
    case system
    /// A clock that stands still until it is advanced, and shows `start` at first. By default that is
    /// 1 January 2026, 00:00:00 UTC, so that each run shows the same times.
    case manual(start: EngineClock.Instant = .init(sinceEpoch: .seconds(1_767_225_600)))

    /// A clock that stands still until it is advanced, and shows 1 January 2026, 00:00:00 UTC at first.
    public static var manual: Clock { .manual() }

    var source: TimeSource {
      switch self {
      case .system: .system
      case .manual(let start): .manual(wallClock: start.nanoseconds)
      }
    }
  }
}

/// A task that waits for the engine's clock. Used on the engine's loop only.
final class Sleeper: @unchecked Sendable {
  // Sendable: everything but `activity` is used on the loop; the continuation is put in before the sleeper is posted to it.
  fileprivate let activity: HandlerActivity?
  fileprivate var continuation: CheckedContinuation<Void, any Error>?
  fileprivate var timer: TimerToken?
  fileprivate var isCancelled = false
  /// Its place among the sleepers; 0 for one that has not begun.
  fileprivate var number: UInt64 = 0
  fileprivate var isWaiting = false

  init(_ activity: HandlerActivity?) { self.activity = activity }

  fileprivate func end(_ result: Result<Void, any Error>) {
    guard let continuation else { return }
    self.continuation = nil
    if isWaiting { activity?.endWait() }
    continuation.resume(with: result)
  }
}

/// The tasks that wait for an engine's clock. Confined to the engine's loop.
struct Sleepers {
  private var all: [UInt64: Sleeper] = [:]
  private var begun: UInt64 = 0

  mutating func begin(_ sleeper: Sleeper) {
    if sleeper.isCancelled { return sleeper.end(.failure(CancellationError())) }
    begun += 1
    sleeper.number = begun
    all[begun] = sleeper
    sleeper.isWaiting = true
    sleeper.activity?.beginWait()
  }

  func set(_ timer: TimerToken, of sleeper: Sleeper) { sleeper.timer = timer }

  mutating func wake(_ sleeper: Sleeper) {
    guard all.removeValue(forKey: sleeper.number) != nil else { return }
    sleeper.end(.success(()))
  }

  /// Returns the timer that is not needed any more.
  mutating func cancel(_ sleeper: Sleeper) -> TimerToken? {
    sleeper.isCancelled = true
    guard all.removeValue(forKey: sleeper.number) != nil else { return nil }
    sleeper.end(.failure(CancellationError()))
    return sleeper.timer
  }

  mutating func endAll() {
    let left = all.valuesInOrder
    all = [:]
    for sleeper in left { sleeper.end(.failure(MockEngineError.stopped)) }
  }
}

extension EngineCore {
  /// The present of the engine's clock, in nanoseconds since 1970. Unlike the machine's wall clock it never goes back.
  nonisolated var wallClock: UInt64 { origin.wallClock &+ (time.now &- origin.now) }

  nonisolated func sleep(until moment: UInt64) async throws {
    let sleeper = Sleeper(HandlerActivity.current)
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        sleeper.continuation = continuation
        let isPosted = loop.post { self.assumeIsolated { $0.begin(sleeper, until: moment) } }
        if !isPosted { sleeper.end(.failure(MockEngineError.stopped)) }
      }
    } onCancel: {
      loop.post { self.assumeIsolated { $0.cancel(sleeper) } }
    }
  }
}

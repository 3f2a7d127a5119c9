internal import UV

/// The source of time for all timers: the machine's monotonic clock, or a manual clock that tests advance.
///
/// Times are nanoseconds from an unspecified start and never decrease.
package final class TimeSource: Sendable {
  /// The machine's monotonic clock.
  package static let system = TimeSource(manual: nil)

  /// A clock that does not move until `advance(by:)` is called.
  ///
  /// - Parameter wallClock: The wall-clock time at the start, in nanoseconds since 1970.
  package static func manual(wallClock: UInt64 = wallClockNanoseconds()) -> TimeSource {
    TimeSource(manual: Lock(Manual(wallClock: wallClock)))
  }

  /// A loop that uses this source: how to fire its next timer, and when that is due.
  private struct Attachment {
    /// Posts the firing of the next timer, if it is due, to the loop, then calls back; returns `false` if the loop has ended.
    var fireNext: @Sendable (@escaping @Sendable () -> Void) -> Bool
    var nextDeadline: UInt64?
  }

  private struct Manual {
    /// Not zero, so that times before the start can be expressed.
    var now: UInt64 = 1_000_000_000_000
    /// The wall-clock time, as of `wallClockSet`.
    var wallClock: UInt64
    var wallClockSet: UInt64 = 1_000_000_000_000
    var attachments: [Int: Attachment] = [:]
    var attached = 0
  }

  private let manual: Lock<Manual>?

  private init(manual: Lock<Manual>?) { self.manual = manual }

  package var isManual: Bool { manual != nil }

  package var now: UInt64 { manual?.withLock { $0.now } ?? monotonicNanoseconds() }

  /// Nanoseconds since 1970 of the wall clock: the machine's, or one that moves with a manual source.
  package var wallClock: UInt64 {
    manual?.withLock { $0.wallClock &+ ($0.now &- $0.wallClockSet) } ?? wallClockNanoseconds()
  }

  // MARK: Advancing a manual clock

  /// Sets the wall clock, as a user may set a machine's clock; deadlines do not move. Has no effect on a system clock.
  package func set(wallClock: UInt64) {
    manual?.withLock {
      $0.wallClock = wallClock
      $0.wallClockSet = $0.now
    }
  }

  /// Advances the clock, deadline by deadline: at each one its timers fire on their loops before the clock advances further. Work that was
  /// posted to the loops before the call runs before them.
  ///
  /// Returns when all timers within the span have fired; tasks that they resumed may still run. Has no effect on a system clock. Only one
  /// caller at a time may use it.
  package func advance(by span: Duration) async {
    let target = now.advanced(by: span)
    await fenceLoops()
    while await step(to: target) {}
  }

  /// A step of an advance up to `target`: moves the clock to the earliest deadline and fires its timer, the first that was set if there are
  /// several. If there is no deadline before it, the clock moves to `target`.
  ///
  /// - Returns: Whether a timer was fired.
  package func step(to target: UInt64) async -> Bool {
    guard let manual, let next = reachNextDeadline(before: target, manual) else { return false }
    await fire(next)
    return true
  }

  /// Advances to the earliest deadline up to `target`, and returns whose it is; if there is none, advances to `target`.
  private func reachNextDeadline(before target: UInt64, _ manual: Lock<Manual>) -> Int? {
    manual.withLock { manual in
      let next = manual.attachments.compactMap { id, attachment in attachment.nextDeadline.map { ($0, id) } }.min {
        $0 < $1
      }
      manual.now = max(manual.now, min(next?.0 ?? target, target))
      return next.flatMap { $0.0 <= target ? $0.1 : nil }
    }
  }

  /// Fires the earliest timer of a loop, if it is due.
  private func fire(_ id: Int) async {
    guard let attachment = manual?.withLock({ $0.attachments[id] }) else { return }
    await withCheckedContinuation { continuation in
      if !attachment.fireNext({ continuation.resume() }) {
        detach(id)
        continuation.resume()
      }
    }
  }

  /// Returns when what was posted to the loops has run; detaches those that have ended.
  private func fenceLoops() async {
    for id in manual?.withLock({ $0.attachments.keys.sorted() }) ?? [] { await fire(id) }
  }

  // MARK: Loops

  /// Adds a loop's timers; returns `nil` for a system clock, which fires no timers itself.
  func attach(_ fireNext: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool) -> Int? {
    manual?.withLock { manual in
      manual.attached += 1
      manual.attachments[manual.attached] = Attachment(fireNext: fireNext)
      return manual.attached
    }
  }

  func detach(_ attachment: Int) { manual?.withLock { $0.attachments[attachment] = nil } }

  /// Notes when a loop's next timer is due.
  func note(nextDeadline: UInt64?, of attachment: Int) {
    manual?.withLock { $0.attachments[attachment]?.nextDeadline = nextDeadline }
  }
}

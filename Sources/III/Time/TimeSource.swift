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

  /// A loop that uses this source: how to fire its due timers, and when its next one is due.
  private struct Attachment {
    /// Posts the firing of the due timers to the loop, then calls back; returns `false` if the loop has ended.
    var fireDue: @Sendable (@escaping @Sendable () -> Void) -> Bool
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
    guard let manual else { return }
    let target = manual.withLock { $0.now.advanced(by: span) }
    await fireDue()
    while reachNextDeadline(before: target, manual) { await fireDue() }
  }

  /// Advances to the earliest deadline up to `target`; if there is none, advances to `target` and returns `false`.
  private func reachNextDeadline(before target: UInt64, _ manual: Lock<Manual>) -> Bool {
    manual.withLock { manual in
      let next = manual.attachments.values.compactMap(\.nextDeadline).min()
      manual.now = max(manual.now, min(next ?? target, target))
      return next.map { $0 <= target } ?? false
    }
  }

  private func fireDue() async {
    let attachments = manual?.withLock { Array($0.attachments) } ?? []
    for (id, attachment) in attachments {
      await withCheckedContinuation { continuation in
        if !attachment.fireDue({ continuation.resume() }) {
          detach(id)
          continuation.resume()
        }
      }
    }
  }

  // MARK: Loops

  /// Adds a loop's timers; returns `nil` for a system clock, which fires no timers itself.
  func attach(_ fireDue: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool) -> Int? {
    manual?.withLock { manual in
      manual.attached += 1
      manual.attachments[manual.attached] = Attachment(fireDue: fireDue)
      return manual.attached
    }
  }

  func detach(_ attachment: Int) { manual?.withLock { $0.attachments[attachment] = nil } }

  /// Notes when a loop's next timer is due; returns `true` if it is already due.
  func note(nextDeadline: UInt64?, of attachment: Int) -> Bool {
    manual?.withLock { manual in
      manual.attachments[attachment]?.nextDeadline = nextDeadline
      return nextDeadline.map { $0 <= manual.now } ?? false
    } ?? false
  }
}

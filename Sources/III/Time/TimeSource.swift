internal import UV

/// Where the time comes from for all that waits: the machine's monotonic clock, or a clock that only moves when told.
///
/// Moments are nanoseconds from an unspecified start and never go back.
package final class TimeSource: Sendable {
  /// The machine's monotonic clock.
  package static let system = TimeSource(manual: nil)

  /// A clock that stands still until `advance(by:)`.
  ///
  /// - Parameter wallClock: What the clock on the wall shows at the start, in nanoseconds since 1970.
  package static func manual(wallClock: UInt64 = wallClockNanoseconds()) -> TimeSource {
    TimeSource(manual: Lock(Manual(wallClock: wallClock)))
  }

  /// A loop that waits by this source: how to have its due timers fire, and when the next of them is due.
  private struct Attachment {
    /// Posts the firing of what is due, then calls back; `false` says that the loop has ended.
    var fireDue: @Sendable (@escaping @Sendable () -> Void) -> Bool
    var nextDeadline: UInt64?
  }

  private struct Manual {
    /// Not zero: so that moments before the start, as "a minute ago", can be named.
    var now: UInt64 = 1_000_000_000_000
    /// What the clock on the wall shows, as of `wallClockSet`.
    var wallClock: UInt64
    var wallClockSet: UInt64 = 1_000_000_000_000
    var attachments: [Int: Attachment] = [:]
    var attached = 0
  }

  private let manual: Lock<Manual>?

  private init(manual: Lock<Manual>?) { self.manual = manual }

  package var isManual: Bool { manual != nil }

  package var now: UInt64 { manual?.withLock { $0.now } ?? monotonicNanoseconds() }

  /// Nanoseconds since 1970 by the clock on the wall: the machine's, or one that moves with a manual source.
  package var wallClock: UInt64 {
    manual?.withLock { $0.wallClock &+ ($0.now &- $0.wallClockSet) } ?? wallClockNanoseconds()
  }

  // MARK: Moving a manual clock

  /// Sets what the clock on the wall shows, as somebody may set a machine's; deadlines do not move. Of a system clock it
  /// does nothing.
  package func set(wallClock: UInt64) {
    manual?.withLock {
      $0.wallClock = wallClock
      $0.wallClockSet = $0.now
    }
  }

  /// Moves the clock on, deadline by deadline: each is reached, and its timers have fired on their loops, before the
  /// clock moves further. What was posted to the loops before the call has its place in that order.
  ///
  /// Returns when the timers inside the span have fired; tasks that they woke may still run. Of a system clock it does
  /// nothing. One caller at a time.
  package func advance(by span: Duration) async {
    guard let manual else { return }
    let target = manual.withLock { $0.now.advanced(by: span) }
    await fireDue()
    while reachNextDeadline(before: target, manual) { await fireDue() }
  }

  /// Moves to the earliest deadline up to `target`; where there is none to `target` itself, and answers `false`.
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

  /// Enters a loop's timers; `nil` of a system clock, which nobody has to tell.
  func attach(_ fireDue: @escaping @Sendable (@escaping @Sendable () -> Void) -> Bool) -> Int? {
    manual?.withLock { manual in
      manual.attached += 1
      manual.attachments[manual.attached] = Attachment(fireDue: fireDue)
      return manual.attached
    }
  }

  func detach(_ attachment: Int) { manual?.withLock { $0.attachments[attachment] = nil } }

  /// Notes when a loop's next timer is due; `true` says that it is due already.
  func note(nextDeadline: UInt64?, of attachment: Int) -> Bool {
    manual?.withLock { manual in
      manual.attachments[attachment]?.nextDeadline = nextDeadline
      return nextDeadline.map { $0 <= manual.now } ?? false
    } ?? false
  }
}

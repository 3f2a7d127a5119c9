internal import UV

/// The time that one connection has in a turn of the loop. What is left of its bytes then waits for the next turn, and
/// the other connections come first. All connections share one budget, since only one of them is being read at a time.
///
/// The clock is read after a message that took long, and ever more seldom while messages are short.
final class ReadBudget {
  private let loop: Loop
  private var end: UInt64 = 0
  private var last: UInt64 = 0
  private var isOver = false
  private var unchecked = 0
  /// Messages that are handled between two looks at the clock.
  private var stride = 1

  private static let nanoseconds: UInt64 = 250_000
  /// A stride that took no longer is followed by one of twice as many messages.
  private static let short: UInt64 = 10_000
  private static let longestStride = 16

  init(on loop: Loop) { self.loop = loop }

  /// A read begins.
  func begin() {
    end = 0
    isOver = false
    unchecked = 0
    stride = 1
  }

  /// Ends the time of the connection that is being read.
  func stop() {
    isOver = true
    unchecked = 0
  }

  /// Whether the connection's time is over. To be asked after each message behind which there are more: the time begins
  /// with the first question, so that every connection has at least one message handled.
  @inline(__always) func isSpent() -> Bool {
    if unchecked > 0 {
      unchecked -= 1
      return false
    }
    return isOver || isLate()
  }

  private func isLate() -> Bool {
    let now = monotonicNanoseconds()
    if end == 0 {
      let turnEnd = loop.turnEnd
      end = turnEnd == .max ? .max : min(now &+ ReadBudget.nanoseconds, turnEnd)
    } else {
      stride = now &- last < ReadBudget.short ? min(stride * 2, ReadBudget.longestStride) : 1
      unchecked = stride - 1
    }
    last = now
    return now >= end
  }
}

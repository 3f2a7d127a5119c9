internal import UV

/// The time that one connection has in a turn of the loop. What is left of its bytes then waits for the next turn, and
/// the other connections come first.
///
/// The clock is read after a message that took long, and otherwise after every few messages.
struct ReadBudget {
  private let loop: Loop
  private var end: UInt64 = 0
  private var last: UInt64 = 0
  private var unchecked = 0

  private static let nanoseconds: UInt64 = 250_000
  /// Messages that are handled between two looks at the clock while they are short.
  private static let stride = 4
  private static let short: UInt64 = 20_000

  init(on loop: Loop) { self.loop = loop }

  /// Whether the connection's time is over. To be asked after each message behind which there are more: the time begins
  /// with the first question, so that every connection has at least one message handled.
  mutating func isSpent() -> Bool {
    if unchecked > 0 {
      unchecked -= 1
      return false
    }
    let now = monotonicNanoseconds()
    if end == 0 {
      end = min(now &+ ReadBudget.nanoseconds, loop.turnEnd)
    } else if now &- last < ReadBudget.short {
      unchecked = ReadBudget.stride - 1
    }
    last = now
    return now >= end
  }
}

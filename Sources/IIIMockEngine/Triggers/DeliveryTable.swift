/// Which triggers an event still has to reach, as a plain value: those of one event are called one after another, and
/// different events do not wait for each other.
struct DeliveryTable {
  /// An event on its way. A delivery's number is given to the calls that are made for it.
  private struct Delivery {
    let event: [UInt8]
    /// Triggers in the order in which they are called, the last one first.
    var rest: [UInt64]
    var current: UInt64
  }

  private var deliveries: [UInt64: Delivery] = [:]
  private var last: UInt64 = 0

  var count: Int { deliveries.count }

  /// An event that matches these triggers; the number of its delivery, `nil` if there are none.
  mutating func begin(_ event: [UInt8], to triggers: [UInt64]) -> UInt64? {
    guard let first = triggers.first else { return nil }
    last += 1
    deliveries[last] = Delivery(event: event, rest: triggers.dropFirst().reversed(), current: first)
    return last
  }

  /// What is being delivered, and to which trigger.
  func current(_ delivery: UInt64) -> (trigger: UInt64, event: [UInt8])? {
    deliveries[delivery].map { ($0.current, $0.event) }
  }

  /// The current trigger is done: the next one is current, if there is one.
  mutating func advance(_ delivery: UInt64) {
    if let next = deliveries[delivery]?.rest.popLast() {
      deliveries[delivery]?.current = next
    } else {
      deliveries[delivery] = nil
    }
  }
}

/// Notices a trigger that fires so often that its function probably changes what it watches.
struct TriggerRate {
  private var start: UInt64 = 0
  private var count = 0
  private var warned: UInt64?

  /// Firings within a second that are noticed.
  static let limit = 1000
  private static let second: UInt64 = 1_000_000_000
  /// A trigger is reported once in this time.
  private static let pause = 60 * second

  /// A firing; returns whether it is to be reported.
  mutating func fired(now: UInt64) -> Bool {
    if now - min(start, now) >= TriggerRate.second {
      start = now
      count = 0
    }
    count += 1
    guard count == TriggerRate.limit else { return false }
    if let warned, now - min(warned, now) < TriggerRate.pause { return false }
    warned = now
    return true
  }
}

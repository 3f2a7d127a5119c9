/// Where a thread blocks until another brings a value.
package final class Rendezvous<Value: Sendable>: Sendable {
  private let monitor = Monitor<Value?>(nil)

  package init() {}

  /// Brings the value; what comes after the first is dropped.
  package func put(_ value: Value) {
    monitor.withLock { if $0 == nil { $0 = value } }
    monitor.wakeAll()
  }

  /// Blocks until the value is there.
  package func wait() -> Value { monitor.wait { $0 } }
}

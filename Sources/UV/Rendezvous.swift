/// Lets a thread block until another one provides a value.
package final class Rendezvous<Value: Sendable>: Sendable {
  private let monitor = Monitor<Value?>(nil)

  package init() {}

  /// Provides the value; only the first call has an effect.
  package func put(_ value: Value) {
    monitor.withLock { if $0 == nil { $0 = value } }
    monitor.wakeAll()
  }

  /// Blocks until there is a value.
  package func wait() -> Value { monitor.wait { $0 } }
}

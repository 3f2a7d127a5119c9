internal import Synchronization

/// What a running handler does, for a clock that waits until all handlers are done or wait themselves.
///
/// A handler waits while one of its calls has no outcome, and while it sleeps by the engine's clock.
package final class HandlerActivity: Sendable {
  /// The activity of the running handler, and of the tasks that it starts; `nil` outside handlers, and in handlers of workers
  /// that do not run on an engine's loop.
  @TaskLocal package static var current: HandlerActivity?

  package let functionID: String
  /// `nil` if no answer is expected.
  package let invocationID: UUID128?
  /// When the handler began, in real time; nanoseconds.
  package let begun: UInt64
  /// The host of the worker, or whatever runs the handler.
  package let owner: ObjectIdentifier
  private let waits = Atomic<Int>(0)

  package init(of functionID: String, _ invocationID: UUID128?, owner: AnyObject, at begun: UInt64) {
    self.functionID = functionID
    self.invocationID = invocationID
    self.owner = ObjectIdentifier(owner)
    self.begun = begun
  }

  /// Whether the handler waits for something that is counted itself, or for time to pass.
  package var isWaiting: Bool { waits.load(ordering: .acquiring) > 0 }

  /// A wait begins; called on the loop, so that what is waited for is counted there from then on.
  package func beginWait() { waits.wrappingAdd(1, ordering: .releasing) }

  /// A wait has ended; called on the loop before its task is resumed.
  package func endWait() { waits.wrappingSubtract(1, ordering: .releasing) }
}

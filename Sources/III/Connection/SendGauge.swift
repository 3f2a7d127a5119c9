internal import Synchronization

/// Counts the bytes on their way to the engine, for the threads that add to them: those handed over, and those that wait for the socket.
final class SendGauge: Sendable {
  private let limit: Int
  private let waiting = Atomic<Int>(0)

  init(limit: Int) { self.limit = limit }

  /// Whether so much waits that a message need not be encoded yet.
  var isFull: Bool { waiting.load(ordering: .relaxed) > limit }

  /// So many bytes more wait, or fewer: a thread hands over a message, or the loop has sent some.
  func add(_ bytes: Int) { waiting.add(bytes, ordering: .relaxed) }
}

internal import Synchronization

/// Counts the bytes on their way to the engine, for the threads that add to them: those handed over, and those that wait for the socket.
final class SendGauge: Sendable {
  private let limit: Int
  private let posted = Atomic<Int>(0)
  private let backlog = Atomic<Int>(0)

  init(limit: Int) { self.limit = limit }

  /// Whether so much waits that a message need not be encoded yet.
  var isFull: Bool { posted.load(ordering: .relaxed) + backlog.load(ordering: .relaxed) > limit }

  /// A thread hands over `bytes` bytes.
  func add(_ bytes: Int) { posted.add(bytes, ordering: .relaxed) }

  /// The loop has taken `bytes` bytes.
  func take(_ bytes: Int) { posted.subtract(bytes, ordering: .relaxed) }

  /// Sets how many bytes wait for the socket.
  func set(backlog bytes: Int) {
    if backlog.load(ordering: .relaxed) != bytes { backlog.store(bytes, ordering: .relaxed) }
  }
}

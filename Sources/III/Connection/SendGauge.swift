internal import Synchronization

/// How much is on its way to the engine, for the threads that add to it: what they have handed over, and what waits for the socket.
final class SendGauge: Sendable {
  private let limit: Int
  private let posted = Atomic<Int>(0)
  private let backlog = Atomic<Int>(0)

  init(limit: Int) { self.limit = limit }

  /// Whether so much waits that a message need not be made ready to leave.
  var isFull: Bool { posted.load(ordering: .relaxed) + backlog.load(ordering: .relaxed) > limit }

  /// A thread hands over so many bytes.
  func add(_ bytes: Int) { posted.add(bytes, ordering: .relaxed) }

  /// The loop has taken them.
  func take(_ bytes: Int) { posted.subtract(bytes, ordering: .relaxed) }

  /// So many bytes wait for the socket.
  func set(backlog bytes: Int) {
    if backlog.load(ordering: .relaxed) != bytes { backlog.store(bytes, ordering: .relaxed) }
  }
}

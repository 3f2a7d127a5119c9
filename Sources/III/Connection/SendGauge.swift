internal import Synchronization

/// How much is on its way to the engine: what calls have handed over, and what waits in the socket. Callers that wait for no
/// result have nothing else to slow them down.
final class SendGauge: Sendable {
  private static let limit = 4 << 20

  private let posted = Atomic<Int>(0)
  private let unsent = Atomic<Int>(0)

  /// Whether a caller should wait before it hands over more.
  var isFull: Bool { posted.load(ordering: .relaxed) + unsent.load(ordering: .relaxed) > SendGauge.limit }

  /// Whether the kernel has left anything over.
  var hasUnsent: Bool { unsent.load(ordering: .relaxed) > 0 }

  /// A caller hands over so many bytes.
  func add(_ bytes: Int) { posted.add(bytes, ordering: .relaxed) }

  /// The loop has taken them.
  func take(_ bytes: Int) { posted.subtract(bytes, ordering: .relaxed) }

  /// So many bytes wait for the kernel.
  func set(unsent bytes: Int) { unsent.store(bytes, ordering: .relaxed) }
}

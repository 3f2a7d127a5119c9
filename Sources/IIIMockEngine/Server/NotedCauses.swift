internal import III

/// Causes that were logged, so that each is logged once. Above a limit further causes are not logged: their number may be
/// the choice of a peer.
struct NotedCauses {
  private let limit: Int
  private var causes: Set<ByteKey> = []

  init(limit: Int) { self.limit = limit }

  /// Whether the log has not been told of a cause yet; from now on it has.
  mutating func isFirst(_ cause: String) -> Bool { causes.count < limit && causes.insert(ByteKey(cause)).inserted }

  /// The cause has ended: it is logged when it comes again.
  mutating func forget(_ cause: String) { causes.remove(ByteKey(cause)) }
}

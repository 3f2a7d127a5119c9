/// A connection's place in the engine's tables. A place is used again; the generation tells its users apart.
struct PeerID: Hashable, Sendable {
  var slot: UInt32
  var generation: UInt32

  /// No connection.
  static let none = PeerID(slot: .max, generation: 0)
}

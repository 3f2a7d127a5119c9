/// A connection's place in the engine's tables. A place is used again; the generation tells its users apart.
struct PeerID: Hashable, Sendable {
  var slot: UInt32
  var generation: UInt32

  /// No connection.
  static let none = PeerID(slot: .max, generation: 0)

  /// The caller of a call that the engine itself makes and whose answer a built-in worker waits for: no connection has
  /// this place, and the generation is the call's key.
  static func engine(_ call: EngineCallKey) -> PeerID { PeerID(slot: .max - 1, generation: call.slot) }

  /// Whether this is the place of a connection, which may have ended.
  var isConnection: Bool { slot < .max - 1 }

  /// The key of an engine call, if this is its caller.
  var engineCall: EngineCallKey? { slot == .max - 1 ? EngineCallKey(slot: generation) : nil }
}

/// Where a connection stands; finer than what its user is told.
enum ConnectionPhase: Equatable {
  /// Not begun.
  case disconnected
  /// The engine is looked up and dialled.
  case connecting
  /// TCP stands; the engine's part of the TLS handshake, or its answer to the upgrade, is awaited.
  case handshaking
  case connected
  /// The next attempt waits for its time.
  case reconnecting
  case failed
  /// Shut down; the engine's Close is awaited.
  case closing
  case shutDown
}

/// How a worker stands towards its engine.
///
/// A worker begins `disconnected`, is `connecting` until its first connection stands or its first attempt has failed, and from
/// then on is either `connected` or `reconnecting`. `failed` is final: all retries are used up
/// (``ReconnectionConfig/maxRetries``), or the engine refused the worker. After ``III/shutdown()`` it is `disconnected` for good.
public enum IIIConnectionState: String, Sendable, Codable, CaseIterable {
  /// Not begun, or shut down.
  case disconnected
  /// The first attempt is under way.
  case connecting
  /// The WebSocket is open: calls are sent at once, and the engine may invoke the worker's functions.
  case connected
  /// The connection was lost or could not be made; the next attempt is under way or waits for its time.
  case reconnecting
  /// Given up for good.
  case failed
}

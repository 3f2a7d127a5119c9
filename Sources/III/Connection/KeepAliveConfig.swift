/// How a worker finds out that its engine, or the way to it, is gone without a word.
///
/// A span of zero or less switches its check off.
public struct KeepAliveConfig: Sendable, Hashable {
  /// The longest that connecting may take, from the look-up of the host's name to the engine's answer; 10 s by default.
  public var handshakeTimeout: Duration = .seconds(10)
  /// How often the worker sends a WebSocket ping; 20 s by default.
  public var pingInterval: Duration = .seconds(20)
  /// A connection on which nothing at all has arrived for so long is dropped, and made anew; 60 s by default.
  public var idleTimeout: Duration = .seconds(60)

  /// Creates a configuration with the defaults.
  public init() {}
}

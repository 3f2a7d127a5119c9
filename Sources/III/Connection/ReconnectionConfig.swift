/// How long a worker waits before it tries to connect again, and how often it tries.
///
/// Before retry `n` (counted from 0, and from 0 again after each successful connection) the worker waits `min(initialDelay ×
/// backoffMultiplierⁿ, maxDelay)`, changed by a random share of up to ± `jitterFactor` so that many workers of one engine do not reconnect
/// at the same moment. The other iii SDKs use the same formula.
///
/// ```swift
/// var options = InitOptions(workerName: "billing")
/// options.reconnection = ReconnectionConfig(initialDelay: .milliseconds(100), maxDelay: .seconds(5), maxRetries: 20)
/// ```
public struct ReconnectionConfig: Sendable, Hashable {
  /// The wait before the first retry; 1 s by default.
  public var initialDelay: Duration = .seconds(1)
  /// The longest wait, without jitter; 30 s by default.
  public var maxDelay: Duration = .seconds(30)
  /// The factor by which each wait is longer than the previous one; 2 by default.
  public var backoffMultiplier = 2.0
  /// The random share by which a wait is longer or shorter, from 0 to 1; 0.3 by default.
  public var jitterFactor = 0.3
  /// How often to retry after a failure; `nil`, the default, means without limit. The first attempt is not a retry: 3 means four attempts.
  public var maxRetries: Int?
  /// Whether to try again where the engine's auth function has refused the worker (`AUTH_ERROR`). By default the worker is
  /// ``IIIConnectionState/failed`` then, with the engine's reason: its credentials are wrong, and will be so the next time.
  public var retriesRefusedAuthentication = false

  /// Creates a configuration.
  public init(
    initialDelay: Duration = .seconds(1), maxDelay: Duration = .seconds(30), backoffMultiplier: Double = 2,
    jitterFactor: Double = 0.3, maxRetries: Int? = nil, retriesRefusedAuthentication: Bool = false
  ) {
    self.initialDelay = initialDelay
    self.maxDelay = maxDelay
    self.backoffMultiplier = backoffMultiplier
    self.jitterFactor = jitterFactor
    self.maxRetries = maxRetries
    self.retriesRefusedAuthentication = retriesRefusedAuthentication
  }

  /// The wait before retry `attempt`, counted from 0; `random` is drawn from -1...1.
  package func delay(attempt: Int, random: Double) -> Duration {
    var capped = Double(initialDelay.nanoseconds)
    let longest = Double(maxDelay.nanoseconds)
    // Step by step and only up to the cap: the power for a large number of attempts would be infinite.
    var steps = attempt
    while steps > 0 && capped < longest {
      let next = capped * backoffMultiplier
      guard next.isFinite, next >= 0, next != capped else { break }
      capped = next
      steps -= 1
    }
    capped = min(capped, longest)
    let delay = capped + capped * jitterFactor * random
    guard delay.isFinite, delay > 0 else { return .zero }
    return .nanoseconds(Int64(min(delay, 9e18)))
  }
}

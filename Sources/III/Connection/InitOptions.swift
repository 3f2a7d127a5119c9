/// How a worker presents itself and how it holds its connection; every value has a default.
///
/// ```swift
/// var options = InitOptions(workerName: "billing", invocationTimeout: .seconds(5))
/// options.headers["Authorization"] = "Bearer \(token)"
/// let iii = try await registerWorker("ws://127.0.0.1:49134", options: options)
/// ```
public struct InitOptions: Sendable {
  /// The worker's name in the engine's lists; by default the variable `III_WORKER_NAME`, else `hostname:pid`.
  public var workerName: String?
  /// A sentence about the worker, for the engine's lists.
  public var workerDescription: String?
  /// The namespace that the worker's functions live in, and that its calls go to; by default the variable `III_NAMESPACE`, else none.
  /// Calls of functions whose id starts with `engine::` always go to the namespace `default`.
  public var namespace: String?
  /// How long a call waits for its result unless it says otherwise; 30 s by default.
  public var invocationTimeout: Duration = .seconds(30)
  /// How long ``registerWorker(_:options:)`` waits for the first connection before it returns without one; 30 s by default.
  public var connectTimeout: Duration = .seconds(30)
  /// When and how often to connect again.
  public var reconnection = ReconnectionConfig()
  /// How a dead connection is noticed.
  public var keepAlive = KeepAliveConfig()
  /// How many calls wait, at most, while there is no connection; 1000 by default. One more pushes the oldest out, which fails with
  /// the code `QUEUE_OVERFLOW`.
  public var maxQueuedMessages = 1000
  /// The largest message that is sent or accepted, in bytes; 64 MiB by default, which is also the engine's own limit. A larger call fails
  /// with the code `payload_too_large`; the connection is not affected.
  public var maxMessageBytes = 64 << 20
  /// Headers of the WebSocket handshake. `Authorization` is set from the variable `III_TOKEN` unless it is given here. What belongs to
  /// the handshake itself (`Host`, `Connection`, `Upgrade`, `Sec-WebSocket-…`) and what is not valid in HTTP is left out, with a warning.
  public var headers: [String: String] = [:]
  /// Whom the worker trusts and who it is, on `wss://`.
  public var tls = TLSConfig()
  /// What the engine is told about the project.
  public var telemetry: TelemetryOptions?
  /// Takes the warnings that else go to the standard error: for tests that provoke thousands of them.
  package var log: (@Sendable (LogLevel, String) -> Void)?

  /// Creates options; the members that are no parameters are set afterwards.
  public init(
    workerName: String? = nil, invocationTimeout: Duration = .seconds(30), reconnection: ReconnectionConfig = .init(),
    headers: [String: String] = [:], telemetry: TelemetryOptions? = nil
  ) {
    self.workerName = workerName
    self.invocationTimeout = invocationTimeout
    self.reconnection = reconnection
    self.headers = headers
    self.telemetry = telemetry
  }
}

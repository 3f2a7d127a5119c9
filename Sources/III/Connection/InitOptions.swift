/// The worker's name and description, and the settings of its connection; every value has a default.
///
/// ```swift
/// var options = InitOptions(workerName: "billing", invocationTimeout: .seconds(5))
/// options.headers["Authorization"] = "Bearer \(token)"
/// let iii = try await registerWorker("ws://127.0.0.1:49134", options: options)
/// ```
public struct InitOptions: Sendable {
  /// When ``registerWorker(_:options:)`` returns.
  public enum FirstConnection: Sendable, Hashable {
    /// When the worker is connected; the call throws if that takes longer than ``InitOptions/connectTimeout``.
    case awaited
    /// At once; the worker connects in the background and keeps trying.
    case inBackground
  }

  /// The worker's name in the engine's lists; by default the variable `III_WORKER_NAME`, else `hostname:pid`.
  public var workerName: String?
  /// A sentence about the worker, for the engine's lists.
  public var workerDescription: String?
  /// The namespace of the worker's functions and of its calls; by default the variable `III_NAMESPACE`, else none.
  /// Calls of functions whose id starts with `engine::` always go to the namespace `default`.
  public var namespace: String?
  /// How long a call waits for its result unless it says otherwise; 30 s by default.
  public var invocationTimeout: Duration = .seconds(30)
  /// When ``registerWorker(_:options:)`` returns; by default when the worker is connected.
  public var connection = FirstConnection.awaited
  /// How long ``registerWorker(_:options:)`` waits for the first connection before it throws; 30 s by default.
  public var connectTimeout: Duration = .seconds(30)
  /// How long to wait between attempts to connect, and how many to make.
  public var reconnection = ReconnectionConfig()
  /// How a dead connection is detected.
  public var keepAlive = KeepAliveConfig()
  /// The most calls that wait while there is no connection; 1000 by default. When there are more, the oldest fails with the code
  /// `QUEUE_OVERFLOW`.
  public var maxQueuedMessages = 1000
  /// The most bytes that these calls have together; 64 MiB by default. When there are more, the oldest fails with the code
  /// `QUEUE_OVERFLOW`.
  public var maxQueuedBytes = 64 << 20
  /// The largest message that is sent or accepted, in bytes; 64 MiB by default, which is also the engine's own limit. A larger call, payload
  /// or result fails with the code `payload_too_large`; the connection is not affected.
  public var maxMessageBytes = 64 << 20
  /// Headers of the WebSocket handshake. `Authorization` is set from the variable `III_TOKEN` unless it is given here. Headers of the
  /// handshake itself (`Host`, `Connection`, `Upgrade`, `Sec-WebSocket-…`) and those that are not valid in HTTP are left out, with a
  /// warning.
  public var headers: [String: String] = [:]
  /// TLS settings for `wss://`; ignored for `ws://`.
  public var tls = TLSConfig()
  /// Describes the project to the engine.
  public var telemetry: TelemetryOptions?
  /// Whether gauges of the process are reported, if ``otel`` is enabled.
  public var enableMetricsReporting = true
  /// What the worker reports of spans, logs and gauges to its engine; nothing by default.
  public var otel = OtelConfig()
  /// Receives each record that a ``Logger`` writes in the worker's handlers, and the warnings and errors of the SDK about this worker, in
  /// addition to what ``otel`` reports. The standard error gets neither then.
  ///
  /// Records of a logger come on the thread that logs; those of the SDK come one after another on another thread. The closure is released
  /// when the worker has been shut down: it receives no record that is written after that.
  public var onLog: (@Sendable (LogRecord) -> Void)?
  /// Receives each span of the worker when it has ended, on the thread that has ended it, in addition to what ``otel`` reports. It is
  /// released as ``onLog`` is.
  public var onSpan: (@Sendable (FinishedSpan) -> Void)?
  /// While more bytes than this wait for the socket, calls without a result wait, and messages are not encoded into frames.
  package var maxUnsentBytes = 16 << 20
  /// Receives the log lines instead of the standard error, for tests that provoke thousands of them.
  package var log: (@Sendable (LogLevel, String) -> Void)?

  /// Creates options.
  public init(
    workerName: String? = nil, workerDescription: String? = nil, namespace: String? = nil,
    invocationTimeout: Duration = .seconds(30), connection: FirstConnection = .awaited,
    connectTimeout: Duration = .seconds(30), reconnection: ReconnectionConfig = .init(),
    keepAlive: KeepAliveConfig = .init(), maxQueuedMessages: Int = 1000, maxQueuedBytes: Int = 64 << 20,
    maxMessageBytes: Int = 64 << 20, headers: [String: String] = [:], tls: TLSConfig = .init(),
    telemetry: TelemetryOptions? = nil, enableMetricsReporting: Bool = true, otel: OtelConfig = .init(),
    onLog: (@Sendable (LogRecord) -> Void)? = nil, onSpan: (@Sendable (FinishedSpan) -> Void)? = nil
  ) {
    self.workerName = workerName
    self.workerDescription = workerDescription
    self.namespace = namespace
    self.invocationTimeout = invocationTimeout
    self.connection = connection
    self.connectTimeout = connectTimeout
    self.reconnection = reconnection
    self.keepAlive = keepAlive
    self.maxQueuedMessages = maxQueuedMessages
    self.maxQueuedBytes = maxQueuedBytes
    self.maxMessageBytes = maxMessageBytes
    self.headers = headers
    self.tls = tls
    self.telemetry = telemetry
    self.enableMetricsReporting = enableMetricsReporting
    self.otel = otel
    self.onLog = onLog
    self.onSpan = onSpan
  }
}

/// Settings for detecting a dead connection: the engine, or the network to it, is unreachable although the connection was not closed.
///
/// A duration of zero or less disables its check.
public struct KeepAliveConfig: Sendable, Hashable {
  /// The longest time for connecting, from the look-up of the host's name to the engine's answer; 10 s by default.
  public var handshakeTimeout: Duration = .seconds(10)
  /// How often the worker sends a WebSocket ping; 20 s by default.
  public var pingInterval: Duration = .seconds(20)
  /// A connection is dropped, and a new one is opened, if during this time nothing has arrived and the engine has accepted none of the
  /// waiting bytes; also if messages wait and it has accepted none of their bytes during this time. 60 s by default.
  public var idleTimeout: Duration = .seconds(60)

  /// Creates a configuration with the defaults.
  public init() {}
}

/// What a worker tells the engine about its project. The engine shows it in its lists of workers.
public struct TelemetryOptions: Sendable, Hashable {
  /// The user's language; by default `LANG`, else `LC_ALL`, up to its first dot, as `en_GB`.
  public var language: String?
  /// The project's name; by default the name of the package in the current directory's `Package.swift`, else that directory's name.
  public var projectName: String?
  /// The framework that the worker is written with; `iii-swift` by default.
  public var framework: String?
  /// A key for Amplitude; none by default.
  public var amplitudeAPIKey: String?

  /// Creates options; a value that is `nil` gets its default.
  public init(
    language: String? = nil, projectName: String? = nil, framework: String? = nil, amplitudeAPIKey: String? = nil
  ) {
    self.language = language
    self.projectName = projectName
    self.framework = framework
    self.amplitudeAPIKey = amplitudeAPIKey
  }
}

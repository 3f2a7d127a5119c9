/// What a worker reports of its spans, logs and gauges, and where to.
///
/// Reports go to the engine (`iii-observability`), over a connection of their own. They are off by default: set ``enabled``, or the
/// variable `OTEL_ENABLED` to `true` or `1`. A value that is `nil` comes from the named variable, else it has the default.
///
/// ```swift
/// var options = InitOptions(workerName: "orders")
/// options.otel.enabled = true
/// options.otel.serviceName = "orders"
/// ```
///
/// Mirrors `OtelConfig` of the Python SDK.
public struct OtelConfig: Sendable, Hashable {
  /// Whether to report; by default the variable `OTEL_ENABLED`, else `false`.
  public var enabled: Bool?
  /// The service that reports; by default `OTEL_SERVICE_NAME`, else ``InitOptions/workerName``, else `iii-swift`.
  public var serviceName: String?
  /// The service's version; by default `SERVICE_VERSION`, else `unknown`.
  public var serviceVersion: String?
  /// The service's namespace; by default `SERVICE_NAMESPACE`, else none.
  public var serviceNamespace: String?
  /// Identifies this process among those of the service; by default `SERVICE_INSTANCE_ID`, else a random UUID.
  public var serviceInstanceID: String?
  /// The engine to report to, as `ws://host:port`; by default the worker's own.
  public var engineURL: String?
  /// Headers of the reporting connection, beside those of ``InitOptions/headers``.
  public var headers: [String: String] = [:]
  /// How long spans are collected before they are sent; by default `OTEL_SPANS_FLUSH_INTERVAL_MS`, else 100 ms. 250 spans are sent at once.
  public var spansFlushInterval: Duration?
  /// Whether ``Logger`` reports its records; they go to the standard error otherwise.
  public var logsEnabled = true
  /// How long records of logs are collected before they are sent; by default `OTEL_LOGS_FLUSH_INTERVAL_MS`, else 100 ms.
  public var logsFlushInterval: Duration?
  /// How many records of logs are sent at once, without waiting; by default `OTEL_LOGS_BATCH_SIZE`, else 1.
  public var logsBatchSize: Int?
  /// Whether gauges of the process (CPU, memory, uptime) are reported; by default `OTEL_METRICS_ENABLED`, else `true`.
  public var metricsEnabled: Bool?
  /// How often gauges are reported; 60 s by default.
  public var metricsExportInterval: Duration = .seconds(60)
  /// Whether spans contain payloads and results, without secrets; by default `true` unless `III_DISABLE_TRACE_PAYLOADS` is `1` or `true`.
  public var tracePayloads: Bool?
  /// The largest payload in a span, in bytes; a larger one is cut. By default `III_TRACE_PAYLOAD_MAX_BYTES`, else 1 MiB.
  public var tracePayloadMaxBytes: Int?
  /// How long to wait between attempts to connect. Attempts are not limited: ``ReconnectionConfig/maxRetries`` is ignored.
  public var reconnection = ReconnectionConfig()
  /// How long ``III/shutdown()`` and ``Observability/flush()`` wait for the engine to receive what was collected; 5 s by default.
  public var shutdownTimeout: Duration = .seconds(5)

  /// Creates a configuration with the defaults.
  public init(enabled: Bool? = nil, serviceName: String? = nil) {
    self.enabled = enabled
    self.serviceName = serviceName
  }
}

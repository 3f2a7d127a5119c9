/// What a worker reports, from its options and the environment.
struct TelemetrySettings: Sendable {
  var exports: Bool
  var exportsLogs: Bool
  var exportsMetrics: Bool
  var spansFlushInterval: Duration
  var logsFlushInterval: Duration
  var logsBatchSize: Int
  var metricsExportInterval: Duration
  var tracesPayloads: Bool
  var payloadLimit: Int
  var reconnection: ReconnectionConfig
  var shutdownTimeout: Duration
  var workerName: String
  /// Describe the process that reports.
  var resource: JSONObject

  /// Larger payloads are cut, so that a record cannot push all others out.
  private static let payloadLimit = 1 << 20

  init(_ options: InitOptions, _ environment: Environment, workerName: String, instanceID: String) {
    let otel = options.otel
    exports = otel.enabled ?? environment.flag("OTEL_ENABLED") ?? false
    exportsLogs = otel.logsEnabled
    exportsMetrics =
      options.enableMetricsReporting && (otel.metricsEnabled ?? environment.flag("OTEL_METRICS_ENABLED") ?? true)
    spansFlushInterval = otel.spansFlushInterval ?? environment.milliseconds("OTEL_SPANS_FLUSH_INTERVAL_MS")
    logsFlushInterval = otel.logsFlushInterval ?? environment.milliseconds("OTEL_LOGS_FLUSH_INTERVAL_MS")
    logsBatchSize = max(1, otel.logsBatchSize ?? environment["OTEL_LOGS_BATCH_SIZE"].flatMap { Int($0) } ?? 1)
    metricsExportInterval = otel.metricsExportInterval
    tracesPayloads = otel.tracePayloads ?? !(environment.flag("III_DISABLE_TRACE_PAYLOADS") ?? false)
    let limit = otel.tracePayloadMaxBytes ?? SecretFilter.limit(environment["III_TRACE_PAYLOAD_MAX_BYTES"])
    payloadLimit = limit.flatMap { $0 > 0 ? $0 : nil } ?? Self.payloadLimit
    reconnection = otel.reconnection
    shutdownTimeout = otel.shutdownTimeout
    self.workerName = workerName
    resource = JSONObject()
    resource["service.name"] = .string(
      otel.serviceName ?? environment["OTEL_SERVICE_NAME"] ?? options.workerName ?? Self.library)
    resource["service.version"] = .string(otel.serviceVersion ?? environment["SERVICE_VERSION"] ?? "unknown")
    resource["service.instance.id"] = .string(
      otel.serviceInstanceID ?? environment["SERVICE_INSTANCE_ID"] ?? instanceID)
    resource["service.namespace"] = (otel.serviceNamespace ?? environment["SERVICE_NAMESPACE"]).map { .string($0) }
    resource["telemetry.sdk.name"] = .string(Self.library)
    resource["telemetry.sdk.language"] = "swift"
    resource["telemetry.sdk.version"] = .string(WorkerMetadata.version)
  }

  /// The name under which the SDK reports.
  static let library = "iii-swift"
}

extension Environment {
  /// A variable that switches something on or off; `nil` if it is not set or is neither.
  func flag(_ name: String) -> Bool? {
    switch self[name]?.lowercased() {
    case "true", "1", "yes", "on": true
    case "false", "0", "no", "off": false
    default: nil
    }
  }

  /// A variable with a number of milliseconds; 100 ms by default.
  fileprivate func milliseconds(_ name: String) -> Duration {
    self[name].flatMap { Int($0) }.flatMap { $0 > 0 ? .milliseconds($0) : nil } ?? .milliseconds(100)
  }
}

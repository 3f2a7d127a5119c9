/// What of `iii-observability` this engine honours.
package struct ObservabilitySettings: Sendable, Hashable {
  package enum Format: Sendable, Hashable { case text, json }

  /// Where spans go. This engine sends nothing anywhere: what is not for `memory` is for nobody.
  package enum Exporter: String, Sendable, Hashable { case memory, otlp, both }

  /// Whether spans and telemetry are kept, triggers of type `log` are there, and calls are traced.
  package var isEnabled: Bool
  package var filter = LogFilter()
  package var format = Format.text
  package var serviceName = "iii"
  package var exporter = Exporter.memory
  package var samplingRatio = 1.0
  package var memoryMaxSpans = 1000
  package var metricsEnabled = true
  package var metricsMaxCount = 10_000
  package var metricsRetentionSeconds: UInt64 = 3600
  package var logsEnabled = true
  package var logsMaxCount = 1000
  /// Without a limit of time, if nobody sets one.
  package var logsRetentionSeconds: UInt64?
  package var logsSamplingRatio = 1.0
  /// Whether the engine's own log shows what workers log.
  package var logsConsoleOutput = true

  /// What holds where nothing is said.
  package init(isEnabled: Bool) { self.isEnabled = isEnabled }

  /// What the environment says; `isEnabled` holds where it does not say `OTEL_ENABLED`.
  package init(environment: Variables, isEnabled: Bool) {
    self.isEnabled = environment.flag("OTEL_ENABLED") ?? isEnabled
    serviceName = environment.text("OTEL_SERVICE_NAME") ?? serviceName
    exporter = environment.text("OTEL_EXPORTER_TYPE").flatMap { Exporter(rawValue: $0.lowercased()) } ?? exporter
    samplingRatio = environment.value("OTEL_TRACES_SAMPLER_ARG") ?? samplingRatio
    memoryMaxSpans = environment.count("OTEL_MEMORY_MAX_SPANS") ?? memoryMaxSpans
    metricsEnabled = environment.flag("OTEL_METRICS_ENABLED") ?? metricsEnabled
    metricsMaxCount = environment.count("OTEL_METRICS_MAX_COUNT") ?? metricsMaxCount
    metricsRetentionSeconds = environment.value("OTEL_METRICS_RETENTION_SECONDS") ?? metricsRetentionSeconds
    logsEnabled = environment.flag("OTEL_LOGS_ENABLED") ?? logsEnabled
    logsMaxCount = environment.count("OTEL_LOGS_MAX_COUNT") ?? logsMaxCount
    logsRetentionSeconds = environment.value("OTEL_LOGS_RETENTION_SECONDS") ?? logsRetentionSeconds
    logsSamplingRatio = environment.value("OTEL_LOGS_SAMPLING_RATIO") ?? logsSamplingRatio
    logsConsoleOutput = environment.flag("OTEL_LOGS_CONSOLE_OUTPUT") ?? logsConsoleOutput
  }

  package var keepsSpans: Bool { isEnabled && exporter != .otlp }
  package var keepsMetrics: Bool { isEnabled && metricsEnabled }
  /// What is logged by a call is kept without observability, too.
  package var keepsLogs: Bool { logsEnabled }
}

extension Variables {
  fileprivate func text(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }

  fileprivate func flag(_ name: String) -> Bool? {
    self[name].map { $0 == "1" || $0.lowercased() == "true" }
  }

  /// What is no such value counts as not set.
  fileprivate func value<Value: LosslessStringConvertible>(_ name: String) -> Value? {
    text(name).flatMap { Value($0) }
  }

  fileprivate func count(_ name: String) -> Int? { (value(name) as UInt64?).map { Int(clamping: $0) } }
}

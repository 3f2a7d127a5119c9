/// The settings of `iii-observability` that have an effect in this engine.
///
/// If the worker is off, records that workers log by calling `engine::log::…` are still kept.
package struct ObservabilitySettings: Sendable, Hashable {
  package enum Format: Sendable, Hashable { case text, json }

  /// Where spans go. This engine exports nothing: spans that are not for `memory` are dropped.
  package enum Exporter: String, Sendable, Hashable { case memory, otlp, both }

  /// Whether spans and telemetry are kept, the trigger type `log` is provided, and calls are traced.
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
  /// `nil` is without a limit.
  package var logsRetentionSeconds: UInt64?
  package var logsSamplingRatio = 1.0
  /// Whether the engine's own log shows what workers log.
  package var logsConsoleOutput = true

  /// The defaults.
  package init(isEnabled: Bool) { self.isEnabled = isEnabled }

  /// The settings from environment variables; `isEnabled` applies if `OTEL_ENABLED` is not set.
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

  package var isOn: Bool {
    get { isEnabled }
    set { isEnabled = newValue }
  }

  package var keepsSpans: Bool { isEnabled && exporter != .otlp }
  package var keepsMetrics: Bool { isEnabled && metricsEnabled }
  /// Records that are logged by calls are kept without observability too.
  package var keepsLogs: Bool { logsEnabled }
}

extension ObservabilitySettings: BuiltInSettings {
  static let workerName = "iii-observability"
  static let presence = BuiltInPresence.reduced
  static let triggerTypes = ["log"]

  init(environment: Variables, isOn: Bool) { self.init(environment: environment, isEnabled: isOn) }

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    let section = try ObservabilitySection(entry, environment: environment)
    self = section.settings
    warnings += section.warnings
  }

  func makeWorker() -> any BuiltInWorker { ObservabilityWorker(self) }
}

extension Variables {
  fileprivate func text(_ name: String) -> String? { self[name].flatMap { $0.isEmpty ? nil : $0 } }

  fileprivate func flag(_ name: String) -> Bool? {
    self[name].map { $0 == "1" || $0.lowercased() == "true" }
  }

  /// An invalid value counts as not set.
  fileprivate func value<Value: LosslessStringConvertible>(_ name: String) -> Value? {
    text(name).flatMap { Value($0) }
  }

  fileprivate func count(_ name: String) -> Int? { (value(name) as UInt64?).map { Int(clamping: $0) } }
}

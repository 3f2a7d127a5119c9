/// The entry of the observability worker. All keys of the real engine are accepted, so that its files load unchanged;
/// of keys that have no effect here only the type is checked.
struct ObservabilitySection {
  private(set) var settings: ObservabilitySettings
  private(set) var warnings: [String] = []

  private enum ValueType: String {
    case bool = "a boolean"
    case string = "a string"
    case count = "u64"
    case number = "f64"
    case map = "a map"
    case sequence = "a sequence"

    func accepts(_ content: YAMLNode.Content) -> Bool {
      switch (self, content) {
      case (_, .null), (.bool, .bool), (.string, .string), (.count, .int(0...)), (.number, .int), (.number, .double),
        (.map, .mapping), (.sequence, .sequence):
        true
      default: false
      }
    }
  }

  private static let keys: [(name: String, type: ValueType)] = [
    ("enabled", .bool), ("service_name", .string), ("service_version", .string), ("service_namespace", .string),
    ("exporter", .string), ("endpoint", .string), ("sampling_ratio", .number), ("sampling", .map),
    ("memory_max_spans", .count), ("metrics_enabled", .bool), ("metrics_exporter", .string),
    ("metrics_retention_seconds", .count), ("metrics_max_count", .count), ("logs_enabled", .bool),
    ("logs_exporter", .string), ("logs_max_count", .count), ("logs_retention_seconds", .count),
    ("logs_batch_size", .count), ("logs_flush_interval_ms", .count), ("logs_sampling_ratio", .number),
    ("logs_console_output", .bool), ("alerts", .sequence), ("level", .string), ("log_level", .string),
    ("format", .string),
  ]

  init(_ entry: WorkerEntry, environment: Variables) throws(ConfigurationFault) {
    settings = ObservabilitySettings(environment: environment, isEnabled: true)
    let members = try entry.members(known: Self.keys.map(\.name))
    if let second = members.last(where: { $0.key == "level" || $0.key == "log_level" }),
      members.contains(where: { $0.key != second.key && ($0.key == "level" || $0.key == "log_level") })
    {
      throw entry.rejection(
        "duplicate field `level`", at: second.position, hint: "`log_level` is another name of it; keep one of the two")
    }
    for member in members { try read(member, of: entry) }
  }

  private mutating func read(_ member: YAMLNode.Member, of entry: WorkerEntry) throws(ConfigurationFault) {
    let value = member.value
    guard let type = Self.keys.first(where: { $0.name == member.key })?.type, type.accepts(value.content) else {
      let expected = Self.keys.first { $0.name == member.key }?.type.rawValue ?? "nothing"
      throw entry.rejection(
        "\(member.key): invalid type: \(value.kindForMessage), expected \(expected)", at: value.position)
    }
    switch (member.key, value.content) {
    case ("enabled", .bool(let isEnabled)): settings.isEnabled = isEnabled
    case ("service_name", .string(let name)): settings.serviceName = name
    case ("exporter", .string(let name)): settings.exporter = try exporter(name, value, of: entry)
    case ("memory_max_spans", .int(let count)): settings.memoryMaxSpans = Int(count)
    case ("metrics_enabled", .bool(let isEnabled)): settings.metricsEnabled = isEnabled
    case ("metrics_retention_seconds", .int(let seconds)): settings.metricsRetentionSeconds = UInt64(seconds)
    case ("metrics_max_count", .int(let count)): settings.metricsMaxCount = Int(count)
    case ("logs_enabled", .bool(let isEnabled)): settings.logsEnabled = isEnabled
    case ("logs_max_count", .int(let count)): settings.logsMaxCount = Int(count)
    case ("logs_retention_seconds", .int(let seconds)): settings.logsRetentionSeconds = UInt64(seconds)
    case ("logs_console_output", .bool(let isEnabled)): settings.logsConsoleOutput = isEnabled
    case ("sampling_ratio", _): settings.samplingRatio = ratio(value) ?? settings.samplingRatio
    case ("logs_sampling_ratio", _): settings.logsSamplingRatio = ratio(value) ?? settings.logsSamplingRatio
    case ("level", .string(let text)), ("log_level", .string(let text)): readLevel(text, value)
    case ("format", .string("json")): settings.format = .json
    case ("format", .string("default")): settings.format = .text
    case ("format", .string):
      warnings.append(
        "log format \(value.kindForMessage) is neither 'default' nor 'json'; line \(value.position.line): "
          + "'default' is used")
    default: break
    }
  }

  private func exporter(
    _ name: String, _ value: YAMLNode, of entry: WorkerEntry
  ) throws(ConfigurationFault) -> ObservabilitySettings.Exporter {
    guard let exporter = ObservabilitySettings.Exporter(rawValue: name) else {
      throw entry.rejection(
        "exporter: unknown variant: \(value.kindForMessage), expected one of `memory`, `otlp`, `both`",
        at: value.position, hint: "this engine keeps spans in memory and exports none")
    }
    return exporter
  }

  private func ratio(_ value: YAMLNode) -> Double? {
    switch value.content {
    case .int(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }

  private mutating func readLevel(_ text: String, _ value: YAMLNode) {
    settings.filter = LogFilter(parsing: text)
    guard !settings.filter.unknownParts.isEmpty else { return }
    warnings.append(
      "\(value.kindForMessage) is no log level (trace, debug, info, warn, error, off); "
        + "line \(value.position.line): what is unknown is ignored")
    settings.filter.unknownParts = []
  }
}

/// The entry of the observability worker. All keys of the real engine are taken, so that its files load unchanged;
/// those that have no meaning here are checked for their type alone.
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
    settings = ObservabilitySettings(environment: environment)
    settings.isEnabled = ObservabilitySettings.isEnabled(by: environment) ?? true
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

  private mutating func readLevel(_ text: String, _ value: YAMLNode) {
    settings.filter = LogFilter(parsing: text)
    guard !settings.filter.unknownParts.isEmpty else { return }
    warnings.append(
      "\(value.kindForMessage) is no log level (trace, debug, info, warn, error, off); "
        + "line \(value.position.line): what is unknown is ignored")
    settings.filter.unknownParts = []
  }
}

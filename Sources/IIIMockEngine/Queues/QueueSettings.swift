internal import III

/// What `iii-queue` is set to.
struct QueueSettings: BuiltInSettings {
  static let workerName = "iii-queue"
  static let triggerTypes = [QueueWorker.triggerType]

  /// In the order of the configuration.
  var queues: [QueueDefinition] = []
  var adapter = QueueAdapterSettings()
  var fidelity = QueueFidelity.eager
  /// A queue of `queues` that is set to something which a strict engine does not know, and the text for it.
  private(set) var extensions: [(queue: String, problem: String)] = []

  init() {}

  init(environment: Variables, isOn: Bool) {}

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    // An adapter of null is as none.
    for member in try entry.members(known: ["adapter", "queue_configs"]) {
      if member.key == "adapter" {
        guard !member.value.isNull else { continue }
        adapter = try QueueAdapterSettings(member.value, of: entry, warnings: &warnings)
      } else {
        try readQueues(member.value, of: entry)
      }
    }
  }

  private mutating func readQueues(_ node: YAMLNode, of entry: WorkerEntry) throws(ConfigurationFault) {
    guard case .mapping(let members) = node.content else {
      throw entry.rejection("invalid type: \(node.kindInQueues), expected a map", at: node.position)
    }
    for member in members {
      let section = try QueueSection(member, of: entry)
      queues.append(section.definition)
      if let problem = section.strictProblem { extensions.append((member.key, problem)) }
    }
  }

  func makeWorker() -> any BuiltInWorker { QueueWorker(self) }
}

extension MockEngine.BuiltIn {
  /// `iii-queue`: queues, durable topics, the functions `iii::queue::…` and the trigger type `durable:subscriber`.
  public static let queues = MockEngine.BuiltIn(name: QueueSettings.workerName)
}

/// The adapter of `iii-queue`: where jobs are kept, and what topics are set to.
struct QueueAdapterSettings: Sendable, Equatable {
  var store = KeyValueAdapter()
  var maxAttempts: UInt32 = 3
  var backoffMilliseconds: UInt64 = 1000
  var concurrency: UInt64 = 10
  var isFIFO = false
  var pollMilliseconds: UInt64 = 100

  var policy: JobPolicy { JobPolicy(maxAttempts: maxAttempts, backoffMilliseconds: backoffMilliseconds) }

  init() {}

  /// Settings of a wrong type count as absent, as in the real engine, and are reported.
  init(_ node: YAMLNode, of entry: WorkerEntry, warnings: inout [String]) throws(ConfigurationFault) {
    let adapter = try AdapterEntry(
      node, of: entry, available: ["builtin", "redis", "rabbitmq", "bridge"], needsMap: false)
    guard adapter.name == "builtin" else {
      warnings.append(
        "adapter '\(adapter.name)' of worker '\(entry.name)' is not part of this engine; line \(adapter.position.line): "
          + "queues are kept in this engine's memory")
      return
    }
    var stored: [YAMLNode.Member] = []
    for member in adapter.members {
      switch (member.key, member.value.content) {
      case ("max_attempts", .int(let number)) where number >= 0: maxAttempts = UInt32(clamping: number)
      case ("backoff_ms", .int(let number)) where number >= 0: backoffMilliseconds = UInt64(number)
      case ("concurrency", .int(let number)) where number >= 0: concurrency = UInt64(number)
      case ("poll_interval_ms", .int(let number)) where number >= 0: pollMilliseconds = UInt64(number)
      case ("mode", .string(let text)): isFIFO = text == "fifo"
      case ("channel_size", .int): break
      case ("store_method", .string), ("file_path", .string): stored.append(member)
      case ("save_interval_ms", .int(let number)) where number >= 0: stored.append(member)
      default:
        let isKnown = QueueAdapterSettings.keys.contains(member.key)
        warnings.append(
          isKnown
            ? "worker '\(entry.name)': \(member.key) of the adapter cannot be \(member.value.kindInQueues); line "
              + "\(member.position.line): the default is used"
            : "worker '\(entry.name)': the adapter has no setting `\(member.key)`; line \(member.position.line): ignored"
        )
      }
    }
    store = try KeyValueAdapter(stored, of: entry, warnings: &warnings)
  }

  private static let keys = [
    "store_method", "file_path", "save_interval_ms", "max_attempts", "backoff_ms", "concurrency", "mode",
    "poll_interval_ms", "channel_size",
  ]
}

/// One entry of `queue_configs`.
private struct QueueSection {
  private(set) var definition: QueueDefinition
  /// What a strict engine says of the entry.
  private(set) var strictProblem: String?

  private static let keys = [
    "max_retries", "concurrency", "type", "message_group_field", "backoff_ms", "poll_interval_ms",
  ]
  /// Outside of strict mode.
  private static let extensions = ["timeout_ms"]

  init(_ member: YAMLNode.Member, of entry: WorkerEntry) throws(ConfigurationFault) {
    definition = QueueDefinition(name: member.key)
    guard case .mapping(let members) = member.value.content else {
      throw entry.rejection(
        "invalid type: \(member.value.kindInQueues), expected struct FunctionQueueConfig", at: member.value.position)
    }
    if let unknown = members.first(where: { !QueueSection.isKnown($0.key) }) {
      let meant = NearestName.of(unknown.key, among: QueueSection.keys + QueueSection.extensions)
      throw entry.rejection(
        QueueSection.unknown(unknown.key), at: unknown.position, hint: meant.map { "did you mean `\($0)`?" })
    }
    var type = "standard"
    var group: String?
    for member in members {
      switch member.key {
      case "max_retries": definition.maxRetries = try QueueSection.u32(member.value, entry)
      case "concurrency": definition.concurrency = try QueueSection.u32(member.value, entry)
      case "backoff_ms": definition.backoffMilliseconds = try QueueSection.u64(member.value, entry)
      case "poll_interval_ms": definition.pollMilliseconds = try QueueSection.u64(member.value, entry)
      case "timeout_ms": definition.timeoutMilliseconds = try QueueSection.u64(member.value, entry)
      case "type": type = try QueueSection.text(member.value, entry)
      default: group = member.value.isNull ? nil : try QueueSection.text(member.value, entry)
      }
    }
    strictProblem = members.first { QueueSection.extensions.contains($0.key) }.map { QueueSection.unknown($0.key) }
    try check(type, group, at: member.position, of: entry)
  }

  private mutating func check(
    _ type: String, _ group: String?, at position: SourcePosition, of entry: WorkerEntry
  ) throws(ConfigurationFault) {
    let name = definition.name
    guard type == "standard" || type == "fifo" else {
      throw entry.refusal(
        "Queue '\(name)' has invalid type '\(type)'. Must be 'standard' or 'fifo'", at: position)
    }
    if type == "fifo" {
      guard let group else {
        throw entry.refusal(
          "Queue '\(name)' is of type 'fifo' but 'message_group_field' is not set", at: position,
          hint: "name the member of the payload whose value tells the groups apart")
      }
      definition.groupField = group
    } else if definition.concurrency == 0 {
      throw entry.refusal(QueueSection.noConcurrency(name), at: position)
    }
  }

  static func noConcurrency(_ name: String) -> String {
    "Queue '\(name)' has 'concurrency' 0; it must be at least 1"
  }

  private static func isKnown(_ key: String) -> Bool { keys.contains(key) || extensions.contains(key) }

  private static func unknown(_ key: String) -> String {
    "unknown field `\(key)`, expected one of \(keys.map { "`\($0)`" }.joined(separator: ", "))"
  }

  private static func u64(_ node: YAMLNode, _ entry: WorkerEntry) throws(ConfigurationFault) -> UInt64 {
    try number(node, "u64", entry) { UInt64(exactly: $0) }
  }

  private static func u32(_ node: YAMLNode, _ entry: WorkerEntry) throws(ConfigurationFault) -> UInt32 {
    try number(node, "u32", entry) { UInt32(exactly: $0) }
  }

  private static func number<Number>(
    _ node: YAMLNode, _ expected: String, _ entry: WorkerEntry, _ convert: (Int64) -> Number?
  ) throws(ConfigurationFault) -> Number {
    guard case .int(let value) = node.content else {
      throw entry.rejection("invalid type: \(node.kindInQueues), expected \(expected)", at: node.position)
    }
    guard let number = convert(value) else {
      throw entry.rejection("invalid value: \(node.kindInQueues), expected \(expected)", at: node.position)
    }
    return number
  }

  private static func text(_ node: YAMLNode, _ entry: WorkerEntry) throws(ConfigurationFault) -> String {
    guard case .string(let text) = node.content else {
      throw entry.rejection("invalid type: \(node.kindInQueues), expected a string", at: node.position)
    }
    return text
  }
}

extension QueueDefinition {
  /// Why an engine cannot have the queue, in the words for configuration files; `nil` if it can.
  var problem: String? {
    if name.isEmpty { return "a queue needs a name" }
    if !isFIFO && concurrency == 0 { return QueueSection.noConcurrency(name) }
    return nil
  }
}

extension YAMLNode {
  /// As `kindForMessage`; null is called so where the real engine reads queues.
  fileprivate var kindInQueues: String { isNull ? "null" : kindForMessage }
}

/// The configuration of a trigger of one of the engine's own types. Members that are `nil` are omitted.
public protocol BuiltinTriggerConfig: Codable, Sendable {
  /// The type's id.
  static var triggerType: String { get }
}

/// Fires at scheduled times.
public struct CronTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `cron`.
  public static let triggerType = "cron"
  /// A cron expression whose first field is seconds, such as `0 */5 * * * *`.
  public var expression: String
  /// A function that is called first: if it returns `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// Creates a configuration.
  public init(expression: String, conditionFunctionID: String? = nil) {
    self.expression = expression
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case expression
    case conditionFunctionID = "condition_function_id"
  }
}

/// Fires for messages of a durable topic: each is delivered until it is handled.
public struct QueueTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `durable:subscriber`.
  public static let triggerType = "durable:subscriber"
  /// The topic.
  public var topic: String
  /// A function that is called first: if it returns `false` the trigger does not fire.
  public var conditionFunctionID: String?
  /// The delivery settings: retries, concurrency.
  public var queueConfig: JSONValue?

  /// Creates a configuration.
  public init(topic: String, conditionFunctionID: String? = nil, queueConfig: JSONValue? = nil) {
    self.topic = topic
    self.conditionFunctionID = conditionFunctionID
    self.queueConfig = queueConfig
  }

  /// How the messages of a subscription are delivered. What is `nil` is up to the engine.
  public struct Options: Sendable, Hashable, Codable {
    /// The order of deliveries.
    public enum Order: String, Sendable, Hashable, Codable {
      /// Several messages at a time.
      case standard
      /// One message at a time; a failed one is tried again before the next.
      case fifo
    }

    /// The order of deliveries.
    public var type: Order?
    /// Messages that are delivered at the same time; 0 only collects them.
    public var concurrency: Int?
    /// Deliveries after the first; engines before 0.21 ignore it.
    public var maxRetries: Int?
    /// Milliseconds before the first retry; engines before 0.21 ignore it.
    public var backoffDelayMs: Int?

    /// Creates options.
    ///
    /// - Parameters:
    ///   - type: The order of deliveries.
    ///   - concurrency: Messages that are delivered at the same time; 0 only collects them.
    ///   - maxRetries: Deliveries after the first; engines before 0.21 ignore it.
    ///   - backoff: The time before the first retry; it doubles with each further one.
    public init(type: Order? = nil, concurrency: Int? = nil, maxRetries: Int? = nil, backoff: Duration? = nil) {
      self.type = type
      self.concurrency = concurrency
      self.maxRetries = maxRetries
      backoffDelayMs = backoff.map { Int(clamping: $0.milliseconds) }
    }

    var json: JSONValue {
      var members = JSONObject()
      if let type { members["type"] = .string(type.rawValue) }
      if let concurrency { members["concurrency"] = .int(Int64(concurrency)) }
      if let maxRetries { members["maxRetries"] = .int(Int64(maxRetries)) }
      if let backoffDelayMs { members["backoffDelayMs"] = .int(Int64(backoffDelayMs)) }
      return .object(members)
    }
  }

  /// Creates a configuration with typed delivery settings.
  ///
  /// ```swift
  /// QueueTriggerConfig(topic: "orders.paid", options: .init(type: .fifo, maxRetries: 5, backoff: .seconds(2)))
  /// ```
  public init(topic: String, conditionFunctionID: String? = nil, options: Options) {
    self.init(topic: topic, conditionFunctionID: conditionFunctionID, queueConfig: options.json)
  }

  private enum CodingKeys: String, CodingKey {
    case topic
    case conditionFunctionID = "condition_function_id"
    case queueConfig = "queue_config"
  }
}

/// Fires for messages of a topic, delivered to the current subscribers.
public struct SubscribeTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `subscribe`.
  public static let triggerType = "subscribe"
  /// The topic.
  public var topic: String
  /// A function that is called first: if it returns `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// Creates a configuration.
  public init(topic: String, conditionFunctionID: String? = nil) {
    self.topic = topic
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case topic
    case conditionFunctionID = "condition_function_id"
  }
}

/// Fires for changes of the engine's state.
public struct StateTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `state`.
  public static let triggerType = "state"
  /// The scope; `nil` for any.
  public var scope: String?
  /// The key; `nil` for any.
  public var key: String?
  /// A function that is called first: if it returns `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// Creates a configuration.
  public init(scope: String? = nil, key: String? = nil, conditionFunctionID: String? = nil) {
    self.scope = scope
    self.key = key
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case scope
    case key
    case conditionFunctionID = "condition_function_id"
  }
}

/// Fires for records of the engine's log.
public struct LogTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `log`.
  public static let triggerType = "log"
  /// The level of the records.
  public enum Level: String, Sendable, Codable {
    /// All records.
    case all
    /// Records of level debug.
    case debug
    /// Records of level info.
    case info
    /// Records of level warn.
    case warn
    /// Records of level error.
    case error
  }

  /// The level; `nil` for all.
  public var level: Level?

  /// Creates a configuration.
  public init(level: Level? = nil) {
    self.level = level
  }

  private enum CodingKeys: String, CodingKey {
    case level
  }
}

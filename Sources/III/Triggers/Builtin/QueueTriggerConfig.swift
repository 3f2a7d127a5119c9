/// Messages of a durable topic: each is delivered until it is handled.
public struct QueueTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `durable:subscriber`.
  public static let triggerType = "durable:subscriber"
  /// The topic.
  public var topic: String
  /// A function that is asked first: if it answers `false` the trigger does not fire.
  public var conditionFunctionID: String?
  /// How it is delivered: retries, concurrency.
  public var queueConfig: JSONValue?

  /// A configuration of these members.
  public init(topic: String, conditionFunctionID: String? = nil, queueConfig: JSONValue? = nil) {
    self.topic = topic
    self.conditionFunctionID = conditionFunctionID
    self.queueConfig = queueConfig
  }

  private enum CodingKeys: String, CodingKey {
    case topic
    case conditionFunctionID = "condition_function_id"
    case queueConfig = "queue_config"
  }
}

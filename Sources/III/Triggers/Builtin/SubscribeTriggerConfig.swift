/// Messages of a topic, delivered to who listens.
public struct SubscribeTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `subscribe`.
  public static let triggerType = "subscribe"
  /// The topic.
  public var topic: String
  /// A function that is asked first: if it answers `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// A configuration of these members.
  public init(topic: String, conditionFunctionID: String? = nil) {
    self.topic = topic
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case topic
    case conditionFunctionID = "condition_function_id"
  }
}

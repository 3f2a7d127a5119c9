/// Fires for changes of a stream's items.
public struct StreamTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `stream`.
  public static let triggerType = "stream"
  /// The stream; `nil` for any.
  public var streamName: String?
  /// The group; `nil` for any.
  public var groupID: String?
  /// The item; `nil` for any.
  public var itemID: String?
  /// A function that is called first: if it returns `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// Creates a configuration.
  public init(
    streamName: String? = nil, groupID: String? = nil, itemID: String? = nil, conditionFunctionID: String? = nil
  ) {
    self.streamName = streamName
    self.groupID = groupID
    self.itemID = itemID
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case streamName = "stream_name"
    case groupID = "group_id"
    case itemID = "item_id"
    case conditionFunctionID = "condition_function_id"
  }
}

/// Fires for clients that join a stream.
public struct StreamJoinTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `stream:join`.
  public static let triggerType = "stream:join"
  /// The stream; `nil` for any.
  public var streamName: String?
  /// A function that is called first: if it returns `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// Creates a configuration.
  public init(streamName: String? = nil, conditionFunctionID: String? = nil) {
    self.streamName = streamName
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case streamName = "stream_name"
    case conditionFunctionID = "condition_function_id"
  }
}

/// Fires for clients that leave a stream.
public struct StreamLeaveTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `stream:leave`.
  public static let triggerType = "stream:leave"
  /// The stream; `nil` for any.
  public var streamName: String?
  /// A function that is called first: if it returns `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// Creates a configuration.
  public init(streamName: String? = nil, conditionFunctionID: String? = nil) {
    self.streamName = streamName
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case streamName = "stream_name"
    case conditionFunctionID = "condition_function_id"
  }
}

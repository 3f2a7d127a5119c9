/// Changes of a stream's items.
public struct StreamTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `stream`.
  public static let triggerType = "stream"
  /// The stream; any where there is none.
  public var streamName: String?
  /// The group; any where there is none.
  public var groupID: String?
  /// The item; any where there is none.
  public var itemID: String?
  /// A function that is asked first: if it answers `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// A configuration of these members.
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

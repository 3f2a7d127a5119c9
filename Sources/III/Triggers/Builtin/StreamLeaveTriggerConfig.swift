/// Clients that leave a stream.
public struct StreamLeaveTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `stream:leave`.
  public static let triggerType = "stream:leave"
  /// The stream; any where there is none.
  public var streamName: String?
  /// A function that is asked first: if it answers `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// A configuration of these members.
  public init(streamName: String? = nil, conditionFunctionID: String? = nil) {
    self.streamName = streamName
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case streamName = "stream_name"
    case conditionFunctionID = "condition_function_id"
  }
}

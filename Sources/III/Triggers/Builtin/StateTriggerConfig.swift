/// Changes of the engine's state.
public struct StateTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `state`.
  public static let triggerType = "state"
  /// The scope; any where there is none.
  public var scope: String?
  /// The key; any where there is none.
  public var key: String?
  /// A function that is asked first: if it answers `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// A configuration of these members.
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

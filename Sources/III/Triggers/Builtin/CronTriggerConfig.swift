/// Points in time.
public struct CronTriggerConfig: BuiltinTriggerConfig, Hashable {
  /// `cron`.
  public static let triggerType = "cron"
  /// A cron expression whose first field is seconds, as `0 */5 * * * *`.
  public var expression: String
  /// A function that is asked first: if it answers `false` the trigger does not fire.
  public var conditionFunctionID: String?

  /// A configuration of these members.
  public init(expression: String, conditionFunctionID: String? = nil) {
    self.expression = expression
    self.conditionFunctionID = conditionFunctionID
  }

  private enum CodingKeys: String, CodingKey {
    case expression
    case conditionFunctionID = "condition_function_id"
  }
}

internal import III

/// The configuration of a `cron` trigger.
struct CronTriggerConfig {
  let expression: CronExpression
  var conditionFunctionID: ByteKey?

  /// - Throws: Why the trigger is refused, in the real engine's words.
  init(_ config: ByteView) throws(CronError) {
    var text: String?
    if var members = ObjectMembers(config) {
      while let member = members.next() {
        if member.isNamed("expression") {
          text = JSONText.isString(member.value) ? JSONText.unquote(member.value) : nil
        } else if member.isNamed("condition_function_id") {
          conditionFunctionID = JSONText.isString(member.value) ? ByteKey(JSONText.unquote(member.value)) : nil
        }
      }
    }
    guard let text, !text.isEmpty else { throw CronError("Cron expression is required") }
    do throws(CronError) {
      expression = try CronExpression(text)
    } catch {
      throw CronError("Invalid cron expression '\(text)': \(error.reason)")
    }
  }

  static let schema = BuiltInSchema.object(
    "CronTriggerConfig",
    [
      "expression": [
        "type": "string", "description": "second minute hour day-of-month month day-of-week [year], in UTC",
      ],
      "condition_function_id": ["type": ["string", "null"]],
    ], required: ["expression"])

  static let callSchema = BuiltInSchema.object(
    "CronCallRequest",
    [
      "actual_time": ["type": "string"], "job_id": ["type": "string"], "scheduled_time": ["type": "string"],
      "trigger": ["type": "string"],
    ], required: ["actual_time", "job_id", "scheduled_time", "trigger"])
}

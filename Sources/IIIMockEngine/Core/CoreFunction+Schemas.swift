internal import III

/// The JSON Schemas of the functions' results, as `engine::functions::info` shows them.
extension CoreFunction {
  /// Of the result. The rows of a listing are described under `definitions`.
  var responseSchema: JSONValue {
    switch self {
    case .listFunctions: listing("FunctionsListResult", "functions", of: .function)
    case .listTriggerTypes: listing("TriggersListResult", "triggers", of: .triggerType)
    case .listTriggers: listing("RegisteredTriggersListResult", "registered_triggers", of: .trigger)
    case .listWorkers: listing("WorkersListResult", "workers", of: .worker)
    case .registerWorker:
      schema("RegisterWorkerResult", ["success": ["type": "boolean"]], required: ["success"])
    case .inspectFunction:
      record(
        .function,
        adding: [
          "metadata": true, "request_schema": true, "response_schema": true,
          "registered_triggers": ["type": "array", "items": ["$ref": "#/definitions/FunctionTrigger"]],
        ],
        definitions: [.functionTrigger])
    case .inspectTriggerType:
      record(
        .triggerType,
        adding: ["configuration_schema": true, "request_schema": true, "instance_count": ["type": "integer"]])
    case .inspectTrigger:
      record(.trigger, adding: ["config": true, "metadata": true, "function": true, "trigger": true])
    case .inspectWorker:
      schema(
        "WorkerInfoResult",
        [
          "worker": ["$ref": "#/definitions/Worker"], "functions": rows(.function), "trigger_types": rows(.triggerType),
          "registered_triggers": rows(.trigger),
        ],
        required: ["worker", "functions", "trigger_types", "registered_triggers"],
        definitions: [.worker, .function, .triggerType, .trigger])
    }
  }

  /// A row of a listing, or another object that occurs more than once in a result.
  private enum Row: String {
    case function = "Function"
    case functionTrigger = "FunctionTrigger"
    case triggerType = "TriggerType"
    case trigger = "Trigger"
    case worker = "Worker"

    var required: [String] {
      switch self {
      case .function: ["function_id", "worker_name"]
      case .functionTrigger: ["id", "trigger_type", "config"]
      case .triggerType: ["id", "description", "worker_name"]
      case .trigger: ["id", "trigger_type", "function_id", "worker_name"]
      case .worker: ["id", "status", "function_count", "active_invocations", "connected_at_ms"]
      }
    }

    var properties: JSONObject {
      let text: JSONValue = ["type": "string"]
      let optional: JSONValue = ["type": ["string", "null"]]
      let number: JSONValue = ["type": "integer"]
      switch self {
      case .function: return ["function_id": text, "worker_name": text, "description": text]
      case .functionTrigger: return ["id": text, "trigger_type": text, "config": true]
      case .triggerType: return ["id": text, "worker_name": text, "description": text]
      case .trigger:
        return ["id": text, "trigger_type": text, "function_id": text, "worker_name": text, "config_summary": text]
      case .worker:
        return [
          "id": text, "name": optional, "description": optional, "runtime": optional, "version": optional,
          "os": optional, "ip_address": optional, "isolation": optional, "status": text, "function_count": number,
          "active_invocations": number, "connected_at_ms": number,
        ]
      }
    }

    var schema: JSONValue {
      [
        "type": "object", "properties": .object(properties),
        "required": .array(required.map { .string($0) }),
      ]
    }
  }

  private func rows(_ row: Row) -> JSONValue {
    ["type": "array", "items": ["$ref": .string("#/definitions/\(row.rawValue)")]]
  }

  private func listing(_ title: String, _ member: String, of row: Row) -> JSONValue {
    schema(title, [member: rows(row)], required: [member], definitions: [row])
  }

  private func record(_ row: Row, adding more: JSONObject, definitions: [Row] = []) -> JSONValue {
    var properties = row.properties
    for (name, value) in more { properties[name] = value }
    return schema("\(row.rawValue)Info", properties, required: row.required, definitions: definitions)
  }

  private func schema(
    _ title: String, _ properties: JSONObject, required: [String], definitions: [Row] = []
  ) -> JSONValue {
    let schema = BuiltInSchema.object(title, properties, required: required)
    guard !definitions.isEmpty, case .object(var members) = schema else { return schema }
    var rows = JSONObject()
    for row in definitions { rows[row.rawValue] = row.schema }
    members["definitions"] = .object(rows)
    return .object(members)
  }
}

internal import III

/// A function of `iii-observability`: logs, spans, metrics, health.
enum ObservabilityFunction: String, BuiltInFamily {
  case logTrace = "engine::log::trace"
  case logDebug = "engine::log::debug"
  case logInfo = "engine::log::info"
  case logWarn = "engine::log::warn"
  case logError = "engine::log::error"
  case listLogs = "engine::logs::list"
  case clearLogs = "engine::logs::clear"
  case listSpans = "engine::traces::list"
  case spanTree = "engine::traces::tree"
  case groupSpans = "engine::traces::group_by"
  case clearSpans = "engine::traces::clear"
  case listMetrics = "engine::metrics::list"
  case listRollups = "engine::rollups::list"
  case listSamplingRules = "engine::sampling::rules"
  case checkHealth = "engine::health::check"
  case listAlerts = "engine::alerts::list"
  case evaluateAlerts = "engine::alerts::evaluate"
  case baggageEntry = "engine::baggage::get"
  case setBaggage = "engine::baggage::set"
  case allBaggage = "engine::baggage::get_all"

  var description: String {
    switch self {
    case .logTrace: "Log a message of level trace."
    case .logDebug: "Log a message of level debug."
    case .logInfo: "Log a message of level info."
    case .logWarn: "Log a message of level warn."
    case .logError: "Log a message of level error."
    case .listLogs: "List log records, newest first, filtered by time, trace or severity."
    case .clearLogs: "Forget all log records."
    case .listSpans: "List root spans, or all, filtered and sorted."
    case .spanTree: "Show the spans of one trace, each below its parent."
    case .groupSpans: "Group spans by the value of an attribute."
    case .clearSpans: "Forget all spans."
    case .listMetrics: "Show the engine's own counters and the metrics that workers reported."
    case .listRollups: "List metrics summed up over a minute, five minutes or an hour."
    case .listSamplingRules: "Show which part of traces and logs is kept."
    case .checkHealth: "Tell whether the engine's parts are well."
    case .listAlerts: "List alerts and their states."
    case .evaluateAlerts: "Evaluate all alert rules now."
    case .baggageEntry: "Show an entry of the caller's baggage."
    case .setBaggage: "Set an entry of baggage, for trying it out."
    case .allBaggage: "Show the caller's baggage."
    }
  }

  var inputName: String {
    switch self {
    case .logTrace, .logDebug, .logInfo, .logWarn, .logError: "OtelLogInput"
    case .listLogs: "LogsListInput"
    case .clearLogs: "LogsClearInput"
    case .listSpans: "TracesListInput"
    case .spanTree: "TracesTreeInput"
    case .groupSpans: "TracesGroupByInput"
    case .clearSpans: "TracesClearInput"
    case .listMetrics: "MetricsListInput"
    case .listRollups: "RollupsListInput"
    case .listSamplingRules: "SamplingRulesInput"
    case .checkHealth: "HealthCheckInput"
    case .listAlerts: "AlertsListInput"
    case .evaluateAlerts: "AlertsEvaluateInput"
    case .baggageEntry: "BaggageGetInput"
    case .setBaggage: "BaggageSetInput"
    case .allBaggage: "BaggageGetAllInput"
    }
  }

  var fields: [BuiltInField] {
    switch self {
    case .logTrace, .logDebug, .logInfo, .logWarn, .logError:
      [
        .init("message", .string, isRequired: true), .init("data", .any), .init("trace_id", .string),
        .init("span_id", .string), .init("service_name", .string),
      ]
    case .listLogs: LogQuery.fields
    case .listSpans: SpanQuery.fields
    case .spanTree: [.init("trace_id", .string, isRequired: true)]
    case .groupSpans: SpanGroups.fields
    case .listMetrics: MetricQuery.fields
    case .listRollups:
      [.init("end_time", .u64), .init("level", .u64), .init("metric_name", .string), .init("start_time", .u64)]
    case .baggageEntry: [.init("key", .string, isRequired: true)]
    case .setBaggage: [.init("key", .string, isRequired: true), .init("value", .string, isRequired: true)]
    case .clearLogs, .clearSpans, .listSamplingRules, .checkHealth, .listAlerts, .evaluateAlerts, .allBaggage: []
    }
  }

  var responseSchema: JSONValue {
    switch self {
    case .logTrace, .logDebug, .logInfo, .logWarn, .logError:
      ["$schema": .string(BuiltInSchema.dialect), "title": "Null", "type": "null"]
    default: BuiltInSchema.object(inputName.dropLast("Input".count) + "Result", resultProperties, required: [])
    }
  }

  private var resultProperties: JSONObject {
    let object: JSONValue = ["type": "object"]
    let objects: JSONValue = ["type": "array", "items": object]
    let number: JSONValue = ["type": "integer"]
    let text: JSONValue = ["type": "string"]
    let flag: JSONValue = ["type": "boolean"]
    switch self {
    case .logTrace, .logDebug, .logInfo, .logWarn, .logError: return [:]
    case .listLogs: return ["logs": objects, "query": object, "timestamp": number, "total": number]
    case .clearLogs: return ["message": text, "success": flag]
    case .listSpans: return ["limit": number, "offset": number, "spans": objects, "total": number]
    case .spanTree: return ["roots": objects]
    case .groupSpans: return ["groups": objects]
    case .clearSpans: return ["success": flag]
    case .listMetrics:
      return [
        "aggregated_metrics": objects, "engine_metrics": object, "query": object, "sdk_metrics": objects,
        "timestamp": number,
      ]
    case .listRollups:
      return [
        "histogram_rollups": objects, "level": number, "query": object, "rollups": objects, "timestamp": number,
      ]
    case .listSamplingRules: return ["logs": object, "timestamp": number, "traces": object]
    case .checkHealth: return ["components": object, "status": text, "timestamp": number, "version": text]
    case .listAlerts: return ["alerts": objects, "firing_count": number, "message": text, "timestamp": number]
    case .evaluateAlerts: return ["evaluated": flag, "message": text, "timestamp": number]
    case .baggageEntry: return ["value": ["type": ["string", "null"]]]
    case .setBaggage: return ["note": text, "success": flag]
    case .allBaggage: return ["baggage": object]
    }
  }
}

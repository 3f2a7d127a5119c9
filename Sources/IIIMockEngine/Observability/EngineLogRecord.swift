public import III

/// A record of the engine's log: what a worker logged, through `engine::log::…` or as telemetry.
public struct EngineLogRecord: Sendable, Hashable {
  /// What was logged.
  public var body: String
  /// `TRACE`, `DEBUG`, `INFO`, `WARN`, `ERROR`, or whatever the worker calls it.
  public var severityText: String
  /// By OpenTelemetry: 1 trace, 5 debug, 9 info, 13 warn, 17 error.
  public var severityNumber: Int32
  /// Structured data beside the text.
  public var attributes: JSONObject
  /// The service that logged; `unknown` if the worker did not name it.
  public var serviceName: String
  /// Attributes of the worker and of the machine that it runs on.
  public var resource: JSONObject
  /// The trace in which it was logged, 32 hexadecimal digits.
  public var traceID: String?
  /// The span in which it was logged, 16 hexadecimal digits.
  public var spanID: String?
  /// When it was logged: nanoseconds since 1970.
  public var timestamp: UInt64
  /// When it was collected: nanoseconds since 1970.
  public var observedTimestamp: UInt64
  /// The library that logged.
  public var scopeName: String?
  /// Its version.
  public var scopeVersion: String?

  /// A record of these members.
  public init(
    body: String, severityText: String = "INFO", severityNumber: Int32 = 9, attributes: JSONObject = [:],
    serviceName: String = "unknown", resource: JSONObject = [:], traceID: String? = nil, spanID: String? = nil,
    timestamp: UInt64 = 0, observedTimestamp: UInt64 = 0, scopeName: String? = nil, scopeVersion: String? = nil
  ) {
    self.body = body
    self.severityText = severityText
    self.severityNumber = severityNumber
    self.attributes = attributes
    self.serviceName = serviceName
    self.resource = resource
    self.traceID = traceID
    self.spanID = spanID
    self.timestamp = timestamp
    self.observedTimestamp = observedTimestamp
    self.scopeName = scopeName
    self.scopeVersion = scopeVersion
  }
}

extension EngineLogRecord {
  /// The record as JSON; for triggers with all members, those without a value too.
  func json(showingAll: Bool) -> JSONValue {
    var json: JSONObject = ["attributes": .object(attributes), "body": .string(body)]
    if showingAll || scopeName != nil { json["instrumentation_scope_name"] = .text(scopeName) }
    if showingAll || scopeVersion != nil { json["instrumentation_scope_version"] = .text(scopeVersion) }
    json["observed_timestamp_unix_nano"] = .number(observedTimestamp)
    json["resource"] = .object(resource)
    json["service_name"] = .string(serviceName)
    json["severity_number"] = .int(Int64(severityNumber))
    json["severity_text"] = .string(severityText)
    json["span_id"] = .text(spanID)
    json["timestamp_unix_nano"] = .number(timestamp)
    json["trace_id"] = .text(traceID)
    return .object(json)
  }
}

extension EngineLogRecord {
  /// The JSON Schema of the data of `log` triggers.
  static var schema: JSONValue {
    let text: JSONValue = ["type": "string"]
    let optional: JSONValue = ["type": ["string", "null"]]
    let integer: JSONValue = ["type": "integer"]
    let properties: JSONObject = [
      "attributes": ["type": "object"], "body": text, "instrumentation_scope_name": optional,
      "instrumentation_scope_version": optional, "observed_timestamp_unix_nano": integer,
      "resource": ["type": "object"], "service_name": text, "severity_number": integer, "severity_text": text,
      "span_id": optional, "timestamp_unix_nano": integer, "trace_id": optional,
    ]
    return BuiltInSchema.object("LogRecord", properties, required: properties.keys)
  }
}

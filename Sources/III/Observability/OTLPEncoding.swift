/// The JSON of OpenTelemetry's protocol: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
///
/// Times are decimal strings, integers of attributes are numbers, as the other SDKs of iii write them and their engine reads them.
enum OTLPEncoding {
  static func bytes(of span: FinishedSpan) -> [UInt8] {
    var json = JSONBuffer(capacity: 512)
    json.append("{\"traceId\":")
    json.append(quoting: span.traceID)
    json.append(",\"spanId\":")
    json.append(quoting: span.spanID)
    if let parent = span.parentSpanID {
      json.append(",\"parentSpanId\":")
      json.append(quoting: parent)
    }
    json.append(",\"name\":")
    json.append(quoting: span.name)
    json.append(",\"kind\":")
    json.append(Int64(span.kind.rawValue))
    json.append(",\"startTimeUnixNano\":\"")
    json.append(span.startTime)
    json.append("\",\"endTimeUnixNano\":\"")
    json.append(span.endTime)
    json.append("\"")
    json.append(attributes: span.attributes)
    if span.droppedAttributes > 0 {
      json.append(",\"droppedAttributesCount\":")
      json.append(Int64(span.droppedAttributes))
    }
    json.append(",\"events\":[")
    for (index, event) in span.events.enumerated() {
      if index > 0 { json.append(",") }
      json.append("{\"name\":")
      json.append(quoting: event.name)
      json.append(",\"timeUnixNano\":\"")
      json.append(event.time)
      json.append("\"")
      json.append(attributes: event.attributes)
      json.append("}")
    }
    json.append("]")
    if span.droppedEvents > 0 {
      json.append(",\"droppedEventsCount\":")
      json.append(Int64(span.droppedEvents))
    }
    json.append(",\"links\":[],\"status\":{\"code\":")
    switch span.status {
    case .unset: json.append("0,\"message\":\"\"")
    case .ok: json.append("1,\"message\":\"\"")
    case .error(let message):
      json.append("2,\"message\":")
      json.append(quoting: message)
    }
    json.append("}}")
    return json.bytes()
  }

  static func bytes(of record: LogRecord) -> [UInt8] {
    var json = JSONBuffer(capacity: 256)
    json.append("{\"timeUnixNano\":\"")
    json.append(record.time)
    json.append("\",\"observedTimeUnixNano\":\"")
    json.append(record.time)
    json.append("\",\"severityNumber\":")
    json.append(Int64(record.level.severityNumber))
    json.append(",\"severityText\":")
    json.append(quoting: record.level.rawValue)
    json.append(",\"body\":{\"stringValue\":")
    json.append(quoting: record.message)
    json.append("}")
    var attributes = JSONObject()
    attributes["service.name"] = record.serviceName.map { .string($0) }
    attributes["log.data"] = record.data
    json.append(attributes: attributes)
    if let traceID = record.traceID {
      json.append(",\"traceId\":")
      json.append(quoting: traceID)
    }
    if let spanID = record.spanID {
      json.append(",\"spanId\":")
      json.append(quoting: spanID)
    }
    json.append("}")
    return json.bytes()
  }

  /// A gauge with one point.
  static func bytes(ofGauge name: String, unit: String, _ value: JSONValue, _ attributes: JSONObject, at time: UInt64)
    -> [UInt8]
  {
    var json = JSONBuffer(capacity: 256)
    json.append("{\"name\":")
    json.append(quoting: name)
    json.append(",\"description\":\"\",\"unit\":")
    json.append(quoting: unit)
    json.append(",\"gauge\":{\"dataPoints\":[{\"timeUnixNano\":\"")
    json.append(time)
    json.append("\",\"startTimeUnixNano\":\"")
    json.append(time)
    json.append("\"")
    json.append(attributes: attributes)
    if case .int(let number) = value {
      json.append(",\"asInt\":\"")
      json.append(number)
      json.append("\"")
    } else {
      json.append(",\"asDouble\":")
      _ = json.append(value, maxDepth: 1)
    }
    json.append("}]}}")
    return json.bytes()
  }

  /// A whole message: the prefix that says its type, and the records of one service.
  static func message(
    _ kind: TelemetryBuffer.Kind, _ records: [[UInt8]], resource: JSONObject
  ) -> [UInt8] {
    var json = JSONBuffer(capacity: 512 + records.reduce(0) { $0 + $1.count + 1 })
    switch kind {
    case .spans: json.append("OTLP{\"resourceSpans\":[{\"resource\":{")
    case .logs: json.append("LOGS{\"resourceLogs\":[{\"resource\":{")
    case .metrics: json.append("MTRC{\"resourceMetrics\":[{\"resource\":{")
    }
    json.append(attributes: resource, isFirst: true)
    switch kind {
    case .spans: json.append("},\"scopeSpans\":[{\"scope\":{\"name\":\"iii-swift\",\"version\":")
    case .logs: json.append("},\"scopeLogs\":[{\"scope\":{\"name\":\"iii.logger\",\"version\":")
    case .metrics: json.append("},\"scopeMetrics\":[{\"scope\":{\"name\":\"iii-swift\",\"version\":")
    }
    json.append(quoting: WorkerMetadata.version)
    switch kind {
    case .spans: json.append("},\"spans\":[")
    case .logs: json.append("},\"logRecords\":[")
    case .metrics: json.append("},\"metrics\":[")
    }
    for (index, record) in records.enumerated() {
      if index > 0 { json.append(",") }
      record.withUnsafeBytes { json.append($0) }
    }
    json.append("]}]}]}")
    return json.bytes()
  }
}

extension JSONBuffer {
  /// Appends the member `attributes`.
  fileprivate mutating func append(attributes: JSONObject, isFirst: Bool = false) {
    append(isFirst ? "\"attributes\":" : ",\"attributes\":" as StaticString)
    append(pairs: attributes, depth: 32)
  }

  private mutating func append(pairs: JSONObject, depth: Int) {
    append("[")
    var isFirst = true
    for (key, value) in pairs {
      append(isFirst ? "{\"key\":" : ",{\"key\":" as StaticString)
      isFirst = false
      append(quoting: key)
      append(",\"value\":")
      append(any: value, depth: depth)
      append("}")
    }
    append("]")
  }

  /// Appends an `AnyValue`. What it cannot hold becomes text: null is empty, infinities and NaN have their names, integers above
  /// `Int64.max` their digits. What is nested too deep is left out.
  private mutating func append(any value: JSONValue, depth: Int) {
    switch value {
    case .null: append("{\"stringValue\":\"\"}")
    case .bool(let value):
      append("{\"boolValue\":")
      append(value)
      append("}")
    case .int(let value):
      append("{\"intValue\":")
      append(value)
      append("}")
    case .uint(let value):
      append("{\"stringValue\":\"")
      append(value)
      append("\"}")
    case .double(let value):
      append("{\"doubleValue\":")
      if value.isFinite {
        append(value)
      } else {
        append(value.isNaN ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"" as StaticString)
      }
      append("}")
    case .string(let text):
      append("{\"stringValue\":")
      append(quoting: text)
      append("}")
    case .array(let values):
      append("{\"arrayValue\":{\"values\":[")
      if depth > 0 {
        for (index, value) in values.enumerated() {
          if index > 0 { append(",") }
          append(any: value, depth: depth - 1)
        }
      }
      append("]}}")
    case .object(let members):
      append("{\"kvlistValue\":{\"values\":")
      append(pairs: depth > 0 ? members : JSONObject(), depth: depth - 1)
      append("}}")
    }
  }
}

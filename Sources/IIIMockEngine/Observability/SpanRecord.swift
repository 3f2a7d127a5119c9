internal import III

/// A span that a worker reported.
struct SpanRecord: Equatable {
  enum Status: String { case unset, ok, error }

  struct Attribute: Equatable {
    let key: ByteKey
    /// As text, of whatever type it was.
    let value: ByteKey

    init(key: String, value: String) {
      self.key = ByteKey(key)
      self.value = ByteKey(value)
    }
  }

  struct Event: Equatable {
    let name: String
    let time: UInt64
    let attributes: [Attribute]
  }

  struct Link: Equatable {
    let traceID: ByteKey
    let spanID: ByteKey
    let traceState: String
    let attributes: [Attribute]
  }

  var traceID: ByteKey = ""
  var spanID: ByteKey = ""
  var parentSpanID: ByteKey?
  var name = ""
  var serviceName = "unknown"
  var startTime: UInt64 = 0
  var endTime: UInt64 = 0
  var status = Status.unset
  var statusDescription: String?
  var flags: UInt64?
  var attributes: [Attribute] = []
  var events: [Event] = []
  var links: [Link] = []
  var scopeName: String?
  var scopeVersion: String?

  /// Zero if it ended before it began, as when a clock was set.
  var duration: UInt64 { endTime > startTime ? endTime - startTime : 0 }

  func value(of attribute: ByteKey) -> ByteKey? { attributes.first { $0.key == attribute }?.value }

  /// Whether it is of the engine's own functions: listed only on request.
  var isInternal: Bool {
    value(of: "iii.function.kind") == "internal" || value(of: "function_id")?.hasPrefix("engine::") == true
  }
}

extension SpanRecord {
  /// As listings show it.
  var json: JSONObject {
    var json: JSONObject = ["attributes": SpanRecord.json(attributes), "end_time_unix_nano": .number(endTime)]
    json["events"] = .array(
      events.map {
        [
          "attributes": SpanRecord.json($0.attributes), "name": .string($0.name),
          "timestamp_unix_nano": .number($0.time),
        ]
      })
    json["flags"] = flags.map { .number($0) }
    json["instrumentation_scope_name"] = scopeName.map { .string($0) }
    json["instrumentation_scope_version"] = scopeVersion.map { .string($0) }
    json["links"] = .array(
      links.map {
        [
          "attributes": SpanRecord.json($0.attributes), "span_id": .string($0.spanID.text),
          "trace_id": .string($0.traceID.text),
          "trace_state": .string($0.traceState),
        ]
      })
    json["name"] = .string(name)
    json["parent_span_id"] = .some(.text(parentSpanID?.text))
    json["service_name"] = .string(serviceName)
    json["span_id"] = .string(spanID.text)
    json["start_time_unix_nano"] = .number(startTime)
    json["status"] = .string(status.rawValue)
    json["status_description"] = statusDescription.map { .string($0) }
    json["trace_id"] = .string(traceID.text)
    return json
  }

  static func json(_ attributes: [Attribute]) -> JSONValue {
    .array(attributes.map { [.string($0.key.text), .string($0.value.text)] })
  }
}

internal import III

/// A span that a worker reported.
struct SpanRecord: Equatable {
  enum Status: String { case unset, ok, error }

  struct Attribute: Equatable {
    let key: String
    /// The value as text, whatever its type was.
    let value: String

    /// Byte by byte: `==` of strings takes canonically equivalent texts for equal.
    static func == (a: Attribute, b: Attribute) -> Bool {
      a.key.utf8.elementsEqual(b.key.utf8) && a.value.utf8.elementsEqual(b.value.utf8)
    }
  }

  struct Event: Equatable {
    let name: String
    let time: UInt64
    let attributes: [Attribute]
  }

  struct Link: Equatable {
    let traceID: String
    let spanID: String
    let traceState: String
    let attributes: [Attribute]
  }

  var traceID = ""
  var spanID = ""
  var parentSpanID: String?
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

  /// Zero if it ended before it began, which happens when a clock was set.
  var duration: UInt64 { endTime > startTime ? endTime - startTime : 0 }

  func value(of attribute: String) -> String? { attributes.first { $0.key.utf8.elementsEqual(attribute.utf8) }?.value }

  /// Whether the span is one of the engine's own, which are listed only if asked for.
  var isInternal: Bool {
    value(of: "iii.function.kind") == "internal" || value(of: "function_id")?.utf8.starts(with: "engine::".utf8) == true
  }
}

extension SpanRecord {
  /// The span as JSON.
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
          "attributes": SpanRecord.json($0.attributes), "span_id": .string($0.spanID), "trace_id": .string($0.traceID),
          "trace_state": .string($0.traceState),
        ]
      })
    json["name"] = .string(name)
    json["parent_span_id"] = .some(.text(parentSpanID))
    json["service_name"] = .string(serviceName)
    json["span_id"] = .string(spanID)
    json["start_time_unix_nano"] = .number(startTime)
    json["status"] = .string(status.rawValue)
    json["status_description"] = statusDescription.map { .string($0) }
    json["trace_id"] = .string(traceID)
    return json
  }

  static func json(_ attributes: [Attribute]) -> JSONValue {
    .array(attributes.map { [.string($0.key), .string($0.value)] })
  }
}

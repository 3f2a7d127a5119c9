internal import III

/// Reads the records of OTLP messages.
enum OTLPReader {
  /// The reporting service and library.
  private struct Source {
    var resource: [SpanRecord.Attribute] = []
    var serviceName: String { resource.first { $0.key == "service.name" }?.value.text ?? "unknown" }
    var scopeName: String?
    var scopeVersion: String?
  }

  // MARK: Logs

  static func logs(in message: JSONNode) throws(OTLPProblem) -> [EngineLogRecord] {
    var records: [EngineLogRecord] = []
    try forEach("logRecords", "a log record", in: message, ("resourceLogs", "scopeLogs")) {
      (record, source) throws(OTLPProblem) in records.append(try log(record, source))
    }
    return records
  }

  private static func log(_ record: OTLPObject, _ source: Source) throws(OTLPProblem) -> EngineLogRecord {
    var attributes = JSONObject()
    for (key, value) in try record.attributes() { attributes[key] = .some(value) }
    var resource = JSONObject()
    for attribute in source.resource { resource[attribute.key.text] = .string(attribute.value.text) }
    return EngineLogRecord(
      body: try record.any("body").otlpText, severityText: try record.text("severityText"),
      severityNumber: Int32(clamping: try record.number("severityNumber")), attributes: attributes,
      serviceName: source.serviceName, resource: resource, traceID: try record.id("traceId"),
      spanID: try record.id("spanId"), timestamp: try record.unsigned("timeUnixNano"),
      observedTimestamp: try record.unsigned("observedTimeUnixNano"), scopeName: source.scopeName,
      scopeVersion: source.scopeVersion)
  }

  // MARK: Traces

  static func spans(in message: JSONNode) throws(OTLPProblem) -> [SpanRecord] {
    var spans: [SpanRecord] = []
    try forEach("spans", "a span", in: message, ("resourceSpans", "scopeSpans")) {
      (span, source) throws(OTLPProblem) in spans.append(try self.span(span, source))
    }
    return spans
  }

  private static func span(_ span: OTLPObject, _ source: Source) throws(OTLPProblem) -> SpanRecord {
    var record = SpanRecord()
    record.traceID = ByteKey(try span.text("traceId"))
    record.spanID = ByteKey(try span.text("spanId"))
    record.parentSpanID = try span.id("parentSpanId").map { ByteKey($0) }
    record.name = try span.text("name")
    record.serviceName = source.serviceName
    record.startTime = try span.unsigned("startTimeUnixNano")
    record.endTime = try span.unsigned("endTimeUnixNano")
    let status = try span.object("status")
    switch try status.number("code") {
    case 1: record.status = .ok
    case 2: record.status = .error
    default: record.status = .unset
    }
    record.statusDescription = nonEmpty(try status.text("message"))
    record.flags = span.has("flags") ? try span.unsigned("flags") : nil
    record.attributes = try span.textAttributes()
    for event in try span.list("events", "an event") {
      record.events.append(
        SpanRecord.Event(
          name: try event.text("name"), time: try event.unsigned("timeUnixNano"),
          attributes: try event.textAttributes()))
    }
    for link in try span.list("links", "a link") {
      record.links.append(
        SpanRecord.Link(
          traceID: ByteKey(try link.text("traceId")), spanID: ByteKey(try link.text("spanId")),
          traceState: try link.text("traceState"),
          attributes: try link.textAttributes()))
    }
    record.scopeName = source.scopeName
    record.scopeVersion = source.scopeVersion
    return record
  }

  // MARK: Metrics

  /// - Parameter now: When the message was received, for metrics without a time; nanoseconds since 1970.
  static func metrics(in message: JSONNode, now: UInt64) throws(OTLPProblem) -> [MetricRecord] {
    var metrics: [MetricRecord] = []
    try forEach("metrics", "a metric", in: message, ("resourceMetrics", "scopeMetrics")) {
      (metric, source) throws(OTLPProblem) in
      if let metric = try self.metric(metric, source, now) { metrics.append(metric) }
    }
    return metrics
  }

  /// `nil` for a metric of a type that is not kept.
  private static func metric(
    _ metric: OTLPObject, _ source: Source, _ now: UInt64
  ) throws(OTLPProblem) -> MetricRecord? {
    var record = MetricRecord()
    if metric.has("gauge") {
      record.points = try points(try metric.object("gauge"), value: number)
    } else if metric.has("sum") {
      let sum = try metric.object("sum")
      record.kind = try sum.bool("isMonotonic") ? .counter : .gauge
      record.points = try points(sum, value: number)
    } else if metric.has("histogram") {
      record.kind = .histogram
      record.points = try points(try metric.object("histogram"), value: histogram)
    } else {
      return nil
    }
    record.name = try metric.text("name")
    record.description = try metric.text("description")
    record.unit = try metric.text("unit")
    record.serviceName = source.serviceName
    record.scopeName = source.scopeName ?? ""
    record.time = record.points.map(\.time).max() ?? 0
    if record.time == 0 { record.time = now }
    return record
  }

  private static func points(
    _ data: OTLPObject, value: (OTLPObject) throws(OTLPProblem) -> MetricRecord.Value
  ) throws(OTLPProblem) -> [MetricRecord.Point] {
    var points: [MetricRecord.Point] = []
    for point in try data.list("dataPoints", "a data point") {
      points.append(
        MetricRecord.Point(
          attributes: try point.textAttributes(), time: try point.unsigned("timeUnixNano"), value: try value(point)))
    }
    return points
  }

  private static func number(_ point: OTLPObject) throws(OTLPProblem) -> MetricRecord.Value {
    if let double = try point.double("asDouble") { return .number(double) }
    return .number(try point.double("asInt") ?? 0)
  }

  private static func histogram(_ point: OTLPObject) throws(OTLPProblem) -> MetricRecord.Value {
    .histogram(
      MetricRecord.Histogram(
        counts: try point.numbers("bucketCounts", OTLPObject.unsigned), count: try point.unsigned("count"),
        bounds: try point.numbers("explicitBounds", OTLPObject.double), max: try point.double("max"),
        min: try point.double("min"), sum: try point.double("sum") ?? 0))
  }

  // MARK: Common

  /// Visits the items of all scopes of all resources, which all three types of messages have.
  private static func forEach(
    _ items: String, _ item: String, in message: JSONNode, _ path: (resources: String, scopes: String),
    _ body: (OTLPObject, Source) throws(OTLPProblem) -> Void
  ) throws(OTLPProblem) {
    for entry in try OTLPObject(message, "the message").list(path.resources, "an element of `\(path.resources)`") {
      var source = Source()
      source.resource = try entry.object("resource").textAttributes()
      for group in try entry.list(path.scopes, "an element of `\(path.scopes)`") {
        let scope = try group.object("scope")
        source.scopeName = nonEmpty(try scope.text("name"))
        source.scopeVersion = nonEmpty(try scope.text("version"))
        for item in try group.list(items, item) { try body(item, source) }
      }
    }
  }

  private static func nonEmpty(_ text: String) -> String? { text.isEmpty ? nil : text }
}

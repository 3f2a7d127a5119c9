import III
import Testing

@testable import IIIMockEngine

extension OTLPReader {
  fileprivate static func logs(in message: JSONValue) throws -> [EngineLogRecord] {
    try read(message) { try logs(in: $0) }
  }
  fileprivate static func spans(in message: JSONValue) throws -> [SpanRecord] {
    try read(message) { try spans(in: $0) }
  }
  fileprivate static func metrics(in message: JSONValue, now: UInt64) throws -> [MetricRecord] {
    try read(message) { try metrics(in: $0, now: now) }
  }

  private static func read<Records>(_ message: JSONValue, _ read: (JSONNode) throws -> Records) throws -> Records {
    try Array(message.jsonString().utf8).withView { try read(JSONNode(parsing: $0)) }
  }
}

@Suite struct OTLPReaderTests {
  /// A message of logs with one record of these members.
  private func logs(_ record: String, resource: String = "null", scope: String = "null") throws -> JSONValue {
    try JSONValue(
      parsing:
        #"{"resourceLogs":[{"resource":\#(resource),"scopeLogs":[{"scope":\#(scope),"logRecords":[\#(record)]}]}]}"#
    )
  }

  private func log(_ record: String, resource: String = "null", scope: String = "null") throws -> EngineLogRecord {
    try #require(try OTLPReader.logs(in: logs(record, resource: resource, scope: scope)).first)
  }

  @Test func aLogRecordIsReadWhole() throws {
    let record = try log(
      """
      {"timeUnixNano":"1767225600000000000","observedTimeUnixNano":1767225600000000001,"severityNumber":13,
       "severityText":"Custom","body":{"stringValue":"b"},"traceId":"0af7651916cd43dd8448eb211c80319c",
       "spanId":"b7ad6b7169203331","attributes":[
         {"key":"s","value":{"stringValue":"x"}},{"key":"i","value":{"intValue":"5"}},
         {"key":"d","value":{"doubleValue":1.5}},{"key":"b","value":{"boolValue":true}},
         {"key":"a","value":{"arrayValue":{"values":[{"intValue":1},{"stringValue":"y"}]}}},
         {"key":"k","value":{"kvlistValue":{"values":[{"key":"z","value":{"intValue":1}}]}}},
         {"key":"none"},{"key":"null","value":null},{"key":"empty","value":{}}]}
      """,
      resource: """
        {"attributes":[{"key":"service.name","value":{"stringValue":"w"}},{"key":"n","value":{"intValue":"1"}},
         {"key":"l","value":{"arrayValue":{"values":[{"doubleValue":2.0}]}}}]}
        """,
      scope: #"{"name":"logger","version":""}"#)
    #expect(
      record
        == EngineLogRecord(
          body: "b", severityText: "Custom", severityNumber: 13,
          attributes: [
            "s": "x", "i": 5, "d": 1.5, "b": true, "a": [1, "y"], "k": ["z": 1], "none": nil, "null": nil, "empty": nil,
          ],
          serviceName: "w", resource: ["service.name": "w", "n": "1", "l": "[2.0]"],
          traceID: "0af7651916cd43dd8448eb211c80319c", spanID: "b7ad6b7169203331",
          timestamp: 1_767_225_600_000_000_000, observedTimestamp: 1_767_225_600_000_000_001, scopeName: "logger",
          scopeVersion: nil))
  }

  @Test func whatIsAbsentOrNullHasAValue() throws {
    for text in [
      "{}",
      #"{"severityText":null,"severityNumber":null,"body":null,"traceId":null,"spanId":"0000000000000000","attributes":[]}"#,
    ] {
      #expect(
        try log(text)
          == EngineLogRecord(
            body: "", severityText: "", severityNumber: 0, attributes: [:], serviceName: "unknown", resource: [:],
            traceID: nil, spanID: nil, timestamp: 0, observedTimestamp: 0, scopeName: nil, scopeVersion: nil))
    }
    let body = try log(#"{"body":{"kvlistValue":{"values":[{"key":"m","value":{"stringValue":"x"}}]}}}"#).body
    #expect(body == #"{"m":"x"}"#)
    #expect(try log(#"{"body":{"intValue":"7"}}"#).body == "7")
    #expect(try log(#"{"timeUnixNano":18446744073709551615}"#).timestamp == .max)
    #expect(try log(#"{"timeUnixNano":1.5e18}"#).timestamp == 1_500_000_000_000_000_000)
  }

  @Test(arguments: [
    (#"{"timeUnixNano":null}"#, "`timeUnixNano` of a log record is null, expected an integer"),
    (#"{"timeUnixNano":-1}"#, "`timeUnixNano` of a log record is not an integer"),
    (#"{"timeUnixNano":"soon"}"#, "`timeUnixNano` of a log record is not an integer"),
    (#"{"attributes":null}"#, "`attributes` of a log record is null, expected an array"),
    (#"{"attributes":{"secret":"x"}}"#, "`attributes` of a log record is not an array"),
    (#"{"attributes":["secret"]}"#, "an attribute is not an object"),
    (#"{"severityText":5}"#, "`severityText` of a log record is not a string"),
    (#"{"body":"secret"}"#, "`body` is not an object"), ("5", "a log record is not an object"),
  ]) func oneBadMemberLosesTheMessage(record: String, problem: String) throws {
    let message = try JSONValue(
      parsing: #"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"good"}},\#(record)]}]}]}"#)
    #expect(throws: OTLPProblem(text: problem)) { try OTLPReader.logs(in: message) }
  }

  @Test(arguments: ["[]", "5", #"{"resourceLogs":5}"#, #"{"resourceLogs":null}"#, #"{"resourceLogs":[1]}"#])
  func whatIsNoMessage(text: String) throws {
    let message = try JSONValue(parsing: text)
    #expect(throws: OTLPProblem.self) { try OTLPReader.logs(in: message) }
  }

  @Test func anEmptyMessageIsNoMistake() throws {
    #expect(try OTLPReader.logs(in: [:]).isEmpty)
    #expect(try OTLPReader.spans(in: ["resourceSpans": []]).isEmpty)
    #expect(try OTLPReader.metrics(in: ["resourceMetrics": [["scopeMetrics": [[:]]]]], now: 1).isEmpty)
  }

  @Test func aSpanIsReadWhole() throws {
    let message = try JSONValue(
      parsing: """
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"w"}}]},"scopeSpans":[
          {"scope":{"name":"s","version":"1"},"spans":[
            {"traceId":"t","spanId":"a","parentSpanId":"0000000000000000","name":"n","startTimeUnixNano":"5",
             "endTimeUnixNano":9,"flags":257,"attributes":[{"key":"k","value":{"boolValue":false}}],
             "events":[{"name":"e","timeUnixNano":"6","attributes":[{"key":"x","value":{"doubleValue":0.5}}]}],
             "links":[{"traceId":"u","spanId":"b","traceState":"a=b"}],"status":{"code":2,"message":"broke"}},
            {"spanId":"c","parentSpanId":"a","status":null}]}]}]}
        """)
    let spans = try OTLPReader.spans(in: message)
    var first = SpanRecord()
    first.traceID = "t"
    first.spanID = "a"
    first.name = "n"
    first.serviceName = "w"
    first.startTime = 5
    first.endTime = 9
    first.flags = 257
    first.status = .error
    first.statusDescription = "broke"
    first.attributes = [.init(key: "k", value: "false")]
    first.events = [.init(name: "e", time: 6, attributes: [.init(key: "x", value: "0.5")])]
    first.links = [.init(traceID: "u", spanID: "b", traceState: "a=b", attributes: [])]
    first.scopeName = "s"
    first.scopeVersion = "1"
    #expect(spans.first == first)
    #expect(spans.last?.parentSpanID == "a" && spans.last?.status == .unset && spans.last?.traceID == "")
  }

  @Test func metricsOfThreeSortsAreRead() throws {
    let message = try JSONValue(
      parsing: """
        {"resourceMetrics":[{"scopeMetrics":[{"scope":{"name":"m"},"metrics":[
          {"name":"g","unit":"1","gauge":{"dataPoints":[{"timeUnixNano":"7","asDouble":1.5},{"timeUnixNano":"8","asInt":2}]}},
          {"name":"c","sum":{"isMonotonic":true,"dataPoints":[{"asInt":"3"}]}},
          {"name":"u","sum":{"dataPoints":[]}},
          {"name":"h","histogram":{"dataPoints":[{"count":"2","sum":3.5,"bucketCounts":["1",1],"explicitBounds":[1],"min":0.5}]}},
          {"name":"other","summary":{}}]}]}]}
        """)
    let metrics = try OTLPReader.metrics(in: message, now: 100)
    #expect(
      metrics.map(\.name) == ["g", "c", "u", "h"] && metrics.map(\.kind) == [.gauge, .counter, .gauge, .histogram])
    #expect(metrics.map(\.time) == [8, 100, 100, 100])
    #expect(metrics[0].points.map(\.value) == [.number(1.5), .number(2)] && metrics[1].points[0].value == .number(3))
    #expect(
      metrics[3].json["data_points"]?[0] == [
        "attributes": [], "bucket_counts": [1, 1], "count": 2, "explicit_bounds": [1.0], "max": nil, "min": 0.5,
        "sum": 3.5, "timestamp_unix_nano": 0,
      ])
  }
}

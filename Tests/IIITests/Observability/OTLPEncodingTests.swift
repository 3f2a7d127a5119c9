import Testing

@testable import III

@Suite("OpenTelemetry's JSON")
struct OTLPEncodingTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test("a span has ids in hexadecimal and times as decimal strings")
  func span() {
    let span = FinishedSpan(
      name: "execute f", kind: .server, traceID: "4bf9", spanID: "00f0", parentSpanID: "ca20", startTime: 1, endTime: 2,
      attributes: ["a": "b"], events: [.init(name: "e", time: 3, attributes: ["ok": true])],
      status: .error("no"), droppedAttributes: 4)
    #expect(
      text(OTLPEncoding.bytes(of: span))
        == #"{"traceId":"4bf9","spanId":"00f0","parentSpanId":"ca20","name":"execute f","kind":2,"startTimeUnixNano":"1","endTimeUnixNano":"2","attributes":[{"key":"a","value":{"stringValue":"b"}}],"droppedAttributesCount":4,"events":[{"name":"e","timeUnixNano":"3","attributes":[{"key":"ok","value":{"boolValue":true}}]}],"links":[],"status":{"code":2,"message":"no"}}"#
    )
  }

  @Test("a log record has its data as a list of pairs, and ids only inside of a trace")
  func log() {
    var record = LogRecord(level: .info, message: "hello", data: ["a": 1], serviceName: "L", time: 7)
    #expect(
      text(OTLPEncoding.bytes(of: record))
        == #"{"timeUnixNano":"7","observedTimeUnixNano":"7","severityNumber":9,"severityText":"INFO","body":{"stringValue":"hello"},"attributes":[{"key":"service.name","value":{"stringValue":"L"}},{"key":"log.data","value":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}}]}}}]}"#
    )
    record.traceID = "4bf9"
    record.spanID = "ca20"
    #expect(text(OTLPEncoding.bytes(of: record)).hasSuffix(#"],"traceId":"4bf9","spanId":"ca20"}"#))
  }

  @Test("values that the form has no number for become text")
  func values() throws {
    let record = LogRecord(
      level: .warn, message: "m",
      data: [
        "null": nil, "big": .uint(.max), "nan": .double(.nan), "inf": .double(-.infinity), "pi": 3.5, "list": [1, []],
        "empty": [:],
      ], time: 0)
    let data = try JSONValue(parsing: text(OTLPEncoding.bytes(of: record)))["attributes"]?[0]?["value"]
    #expect(
      data?["kvlistValue"]?["values"] == [
        ["key": "null", "value": ["stringValue": ""]],
        ["key": "big", "value": ["stringValue": "18446744073709551615"]],
        ["key": "nan", "value": ["doubleValue": "NaN"]], ["key": "inf", "value": ["doubleValue": "-Infinity"]],
        ["key": "pi", "value": ["doubleValue": 3.5]],
        ["key": "list", "value": ["arrayValue": ["values": [["intValue": 1], ["arrayValue": ["values": []]]]]]],
        ["key": "empty", "value": ["kvlistValue": ["values": []]]],
      ])
  }

  @Test("data that is nested too deep for decoders is cut")
  func depth() throws {
    var deep: JSONValue = 1
    for _ in 0..<400 { deep = [deep] }
    let bytes = OTLPEncoding.bytes(of: LogRecord(level: .info, message: "m", data: deep, time: 0))
    #expect(throws: Never.self) { try JSONValue(parsing: text(bytes)) }
    #expect(bytes.count < 2000)
  }

  @Test("a message names the service, and its type in four letters")
  func message() throws {
    let record = Array("{}".utf8)
    for (kind, prefix, resources) in [
      (.spans, "OTLP", "resourceSpans"), (.logs, "LOGS", "resourceLogs"), (.metrics, "MTRC", "resourceMetrics"),
    ] as [(TelemetryBuffer.Kind, String, String)] {
      let message = text(OTLPEncoding.message(kind, [record, record], resource: ["service.name": "svc"]))
      #expect(message.hasPrefix(prefix))
      let json = try JSONValue(parsing: message.dropFirst(4))
      #expect(
        json[resources]?[0]?["resource"]?["attributes"]?[0] == [
          "key": "service.name", "value": ["stringValue": "svc"],
        ])
    }
  }
}

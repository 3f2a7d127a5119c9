import Testing

@testable import III
@testable import IIIMockEngine

@Suite struct SpanTests {
  private func span(
    _ id: String, _ parent: String? = nil, trace: String = "t", start: UInt64 = 0, end: UInt64 = 0,
    _ attributes: KeyValuePairs<String, String> = [:]
  ) -> SpanRecord {
    var span = SpanRecord()
    span.spanID = ByteKey(id)
    span.name = id
    span.traceID = ByteKey(trace)
    span.parentSpanID = parent.map { ByteKey($0) }
    span.startTime = UInt64(milliseconds: start)
    span.endTime = UInt64(milliseconds: end)
    span.attributes = attributes.map { SpanRecord.Attribute(key: $0.key, value: $0.value) }
    return span
  }

  /// The names of what a query finds, in order.
  private func find(_ query: String, _ spans: [SpanRecord]) throws -> [String] {
    let input = try BuiltInInput(try JSONValue(parsing: query), named: "x")
    try input.check(SpanQuery.fields)
    return try SpanQuery(input).matches(among: spans).map(\.name)
  }

  @Test("canonically equivalent attributes, values and trace ids are told apart") func canonicalEquivalents() throws {
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}")
    let spans = [
      span("a", trace: composed, start: 1, ["k": composed, composed: "v"]),
      span("b", trace: decomposed, start: 2, ["k": decomposed, decomposed: "v"]),
    ]
    #expect(try find(#"{"attributes":[["k","\#(composed)"]]}"#, spans) == ["a"])
    #expect(try find(#"{"attributes":[["\#(decomposed)","v"]]}"#, spans) == ["b"])
    #expect(try find(#"{"trace_id":"\#(decomposed)"}"#, spans) == ["b"])
    let input = try BuiltInInput(["attribute": "k"], named: "x")
    guard case .array(let groups) = try SpanGroups(input).json(of: spans) else {
      Issue.record("no groups")
      return
    }
    #expect(groups.count == 2)
    let child = span("c", "a\u{301}", trace: "t")
    let parents = [span("\u{e1}"), span("a\u{301}"), child]
    guard case .array(let roots) = SpanTree.json(of: parents) else {
      Issue.record("no roots")
      return
    }
    #expect(roots.map { $0["children"] == [] } == [true, false])
  }

  @Test func filters() throws {
    var failed = span("Failed", start: 4, end: 9, ["k": "v", "n": "5"])
    failed.status = .error
    failed.serviceName = "Orders"
    let spans = [
      failed, span("child", "Failed", start: 5, end: 6), span("first", trace: "u", start: 1, end: 2, ["k": "w"]),
      span("own", start: 1, end: 2, ["iii.function.kind": "internal"]),
      span("listing", start: 0, end: 1, ["function_id": "engine::logs::list"]),
    ]
    #expect(try find("{}", spans) == ["first", "Failed"])
    #expect(try find(#"{"include_internal":true}"#, spans) == ["listing", "first", "own", "Failed"])
    #expect(try find(#"{"trace_id":"t"}"#, spans) == ["Failed"])
    #expect(try find(#"{"search_all_spans":true,"name":"CHI"}"#, spans) == ["Failed", "child"])
    #expect(try find(#"{"name":"FAI"}"#, spans) == ["Failed"])
    #expect(try find(#"{"search_all_spans":true,"status":"ERR"}"#, spans) == ["Failed"])
    #expect(try find(#"{"service_name":"order"}"#, spans) == ["Failed"])
    #expect(try find(#"{"attributes":[["k","v"],["n","5"]]}"#, spans) == ["Failed"])
    #expect(try find(#"{"attributes":[["k","v"],["n","6"]]}"#, spans) == [])
    #expect(try find(#"{"min_duration_ms":1.5}"#, spans) == ["Failed"])
    #expect(try find(#"{"max_duration_ms":1}"#, spans) == ["first"])
    // Those that overlap the time asked for.
    #expect(try find(#"{"start_time":3}"#, spans) == ["Failed"])
    #expect(try find(#"{"end_time":3}"#, spans) == ["first"])
    #expect(try find(#"{"start_time":2,"end_time":4}"#, spans) == ["first", "Failed"])
    #expect(try find(#"{"end_time":18446744073709551615}"#, spans) == ["first", "Failed"])
  }

  @Test func sorts() throws {
    let spans = [span("b", start: 2, end: 5), span("a", start: 1, end: 9), span("c", start: 2, end: 3)]
    #expect(try find("{}", spans) == ["a", "b", "c"])
    #expect(try find(#"{"sort_order":"desc"}"#, spans) == ["b", "c", "a"])
    #expect(try find(#"{"sort_by":"duration"}"#, spans) == ["c", "b", "a"])
    #expect(try find(#"{"sort_by":"name","sort_order":"desc"}"#, spans) == ["c", "b", "a"])
    #expect(try find(#"{"sort_by":"anything"}"#, spans) == ["a", "b", "c"])
  }

  /// The names of a tree, as `a(b(c),d)`.
  private func outline(_ node: JSONValue) -> String {
    guard case .array(let children)? = node["children"], let name = try? node["name"]?.decoded(as: String.self) else {
      return "?"
    }
    return name + (children.isEmpty ? "" : "(" + children.map(outline).joined(separator: ",") + ")")
  }

  private func outline(_ spans: [SpanRecord]) -> [String] {
    guard case .array(let roots) = SpanTree.json(of: spans) else { return [] }
    return roots.map(outline)
  }

  @Test func spansStandBelowTheirParents() {
    let spans = [
      span("c", "b"), span("a"), span("b", "a"), span("orphan", "gone"), span("d", "a"), span("second"),
    ]
    #expect(outline(spans) == ["a(b(c),d)", "second"])
    #expect(outline([]) == [])
  }

  @Test func idsThatGoInCirclesDoNot() {
    #expect(outline([span("a"), span("a", "a"), span("x", "y"), span("y", "x")]) == ["a(a)"])
    #expect(outline([span("a"), span("a"), span("b", "a")]) == ["a(b)", "a"])
  }

  @Test func aLongChainStaysDecodable() throws {
    let spans = [span("0")] + (1..<5_000).map { span("\($0)", "\($0 - 1)") }
    let json = SpanTree.json(of: spans).jsonString()
    var depth = 0
    var deepest = 0
    for byte in json.utf8 {
      if byte == UInt8(ascii: "[") || byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}") { depth -= 1 }
      deepest = max(deepest, depth)
    }
    #expect(deepest < 120)
    #expect(json.split(separator: #""span_id""#).count == 5_001)
  }

  @Test func groups() throws {
    var failed = span("a", trace: "t2", start: 10, end: 30, ["k": "v"])
    failed.status = .error
    let spans = [
      failed, span("b", trace: "t1", start: 5, end: 20, ["k": "v"]), span("c", start: 7, end: 8, ["k": "w"]),
      span("d", start: 1, end: 2), span("own", start: 9, end: 9, ["k": "v", "iii.function.kind": "internal"]),
    ]
    func groups(_ query: String) throws -> JSONValue {
      let input = try BuiltInInput(try JSONValue(parsing: query), named: "x")
      try input.check(SpanGroups.fields)
      return try SpanGroups(input).json(of: spans)
    }
    let w: JSONValue = [
      "duration_ms": 1.0, "error_count": 0, "first_seen_ms": 7, "last_seen_ms": 8, "span_count": 1,
      "trace_ids": ["t"], "value": "w",
    ]
    let v: JSONValue = [
      "duration_ms": 25.0, "error_count": 1, "first_seen_ms": 5, "last_seen_ms": 30, "span_count": 2,
      "trace_ids": ["t1", "t2"], "value": "v",
    ]
    #expect(try groups(#"{"attribute":"k"}"#) == [w, v])
    #expect(try groups(#"{"attribute":"k","limit":1}"#) == [w])
    #expect(try groups(#"{"attribute":"k","since_ms":8}"#)[0]?["span_count"] == 1)
    #expect(try groups(#"{"attribute":"k","include_internal":true}"#)[1]?["span_count"] == 3)
    #expect(try groups(#"{"attribute":"none"}"#) == [])
  }
}

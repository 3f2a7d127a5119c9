import III
import Testing

@testable import IIIMockEngine

@Suite struct LogStoreTests {
  private func record(
    _ body: String, milliseconds: UInt64, _ severity: (String, Int32) = ("INFO", 9), trace: String? = nil,
    span: String? = nil
  ) -> EngineLogRecord {
    EngineLogRecord(
      body: body, severityText: severity.0, severityNumber: severity.1, attributes: [:], serviceName: "unknown",
      resource: [:], traceID: trace, spanID: span, timestamp: UInt64(milliseconds: milliseconds), observedTimestamp: 0)
  }

  private func find(_ query: String, _ store: LogStore) throws -> (bodies: [String], total: Int) {
    let input = try BuiltInInput(try JSONValue(parsing: query), named: "x")
    try input.check(LogQuery.fields)
    let (records, total) = store.matches(try LogQuery(input))
    return (records.map(\.body), total)
  }

  @Test func filtersOffsetAndLimit() throws {
    var store = LogStore(maxCount: 10)
    store.append(record("a", milliseconds: 5, trace: "t", span: "s"), bytes: 1, now: 0)
    store.append(record("b", milliseconds: 7, ("WARN", 13), trace: "t"), bytes: 1, now: 0)
    store.append(record("c", milliseconds: 6, ("ERROR", 17)), bytes: 1, now: 0)
    store.append(record("d", milliseconds: 7), bytes: 1, now: 0)
    func bodies(_ query: String) throws -> [String] { try find(query, store).bodies }
    // Newest first; of one time the later one.
    #expect(try bodies("{}") == ["d", "b", "c", "a"])
    #expect(try find(#"{"offset":1,"limit":2}"#, store) == (["b", "c"], 4))
    #expect(try find(#"{"limit":0}"#, store) == ([], 4))
    #expect(try bodies(#"{"offset":9}"#) == [])
    #expect(try bodies(#"{"limit":18446744073709551615}"#).count == 4)
    #expect(try bodies(#"{"start_time":6,"end_time":6}"#) == ["c"])
    #expect(try bodies(#"{"trace_id":"t"}"#) == ["b", "a"])
    #expect(try bodies(#"{"trace_id":"t","span_id":"s"}"#) == ["a"])
    #expect(try bodies(#"{"severity_min":13}"#) == ["b", "c"])
    #expect(try bodies(#"{"severity_min":-1}"#).count == 4)
    #expect(try bodies(#"{"severity_text":"warn"}"#) == ["b"])
    #expect(try bodies(#"{"severity_text":"war"}"#) == [])
  }

  @Test func oldRecordsGoByTheTimeAtWhichTheyCame() {
    var store = LogStore(maxCount: 10, retentionSeconds: 5)
    store.append(record("a", milliseconds: 1), bytes: 1, now: 1_000_000_000)
    store.append(record("b", milliseconds: 0), bytes: 1, now: 4_000_000_000)
    store.dropExpired(now: 6_000_000_000)
    #expect(store.all.map(\.body) == ["a", "b"])
    store.dropExpired(now: 6_000_000_001)
    #expect(store.all.map(\.body) == ["b"])
    store.append(record("c", milliseconds: 0), bytes: 1, now: 20_000_000_000)
    #expect(store.all.map(\.body) == ["c"] && store.count == 1)
  }
}

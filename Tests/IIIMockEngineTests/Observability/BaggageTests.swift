import III
import Testing

@testable import IIIMockEngine

@Suite struct BaggageTests {
  @Test(
    arguments: [
      ("a=1", ["a": "1"]), ("a=1,b=2;p=3", ["a": "1", "b": "2"]), (" a = 1 ,", ["a": "1"]), ("a=b%20c", ["a": "b c"]),
      ("a=%E4%BD%A0", ["a": "你"]), ("a=%FF,b=2", ["b": "2"]), ("a=%", ["a": "%"]), ("a=%4", ["a": "%4"]),
      ("a=", ["a": ""]), ("=1,a", [:]), ("a b=1", [:]), ("a=1=2", ["a": "1"]), ("a=1,a=2", ["a": "2"]), ("", [:]),
    ] as [(String, JSONObject)]) func entries(header: String, entries: JSONObject)
  {
    #expect(Baggage(header).entries == entries)
  }

  @Test func atMost64() {
    let entries = Baggage((0..<100).map { "k\($0)=\($0)" }.joined(separator: ",")).entries
    #expect(entries.count == 64 && entries["k63"] == "63" && entries["k64"] == nil)
  }
}

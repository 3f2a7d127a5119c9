import Testing

@testable import III

@Suite("Trace context and baggage")
struct TraceContextTests {
  private static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  @Test("a traceparent is read and written unchanged")
  func traceparent() throws {
    let position = try #require(TraceParent(Self.valid))
    #expect(position.traceIDText == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(position.spanIDText == "00f067aa0ba902b7")
    #expect(position.isSampled)
    #expect(position.text == Self.valid)
    #expect(TraceParent(String(Self.valid.dropLast()) + "0")?.isSampled == false)
    #expect(TraceParent("01" + Self.valid.dropFirst(2) + "-more")?.text == Self.valid)
  }

  @Test(
    "a traceparent that is not valid is not read",
    arguments: [
      "", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
      "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
      "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01", "01" + valid.dropFirst(2) + "x",
      "é0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
    ])
  func invalid(text: String) {
    #expect(TraceParent(text) == nil)
  }

  @Test("baggage is read and written; what is not valid is left out")
  func baggage() {
    var entries = BaggageEntries("a=1, b = two%20words;prop=x,bad name=3,noValue,=4,c=%FF,d=x=y,a=2")
    #expect(entries.dictionary == ["a": "2", "b": "two words", "d": "x=y"])
    entries.set("e", to: "é,;\"\\%")
    entries.set("not a token", to: "x")
    #expect(entries.header == "a=2,b=two%20words,d=x=y,e=%C3%A9%2C%3B%22%5C%25")
    #expect(BaggageEntries(entries.header) == entries)
    #expect(BaggageEntries(nil).header == nil)
  }

  @Test("at most 64 entries and 8 KiB are carried")
  func bounds() {
    var entries = BaggageEntries()
    for number in 0..<100 { entries.set("n\(number)", to: "v") }
    #expect(entries.dictionary.count == 64)
    var long = BaggageEntries()
    long.set("a", to: String(repeating: "x", count: 8000))
    long.set("b", to: String(repeating: "y", count: 8000))
    long.set("c", to: "z")
    #expect(long.header?.utf8.count == 8002 + 4)
    #expect(long.header?.hasSuffix(",c=z") == true)
  }

  @Test("baggage passes on without anything being reported, and ends with its scope")
  func scope() async {
    #expect(Observability.currentBaggage == [:])
    let caller = InvocationContext(functionID: "f", traceparent: Self.valid, baggage: "a=1")
    await InvocationContext.$current.withValue(caller) {
      await Observability.withBaggage(["b": "2"]) {
        #expect(Observability.currentBaggage == ["a": "1", "b": "2"])
        #expect(Observability.currentTraceparent == Self.valid)
        #expect(Observability.currentTraceID == "4bf92f3577b34da6a3ce929d0e0e4736")
        await Observability.withBaggage(["a": "3"]) {
          #expect(Observability.currentBaggage == ["a": "3", "b": "2"])
        }
      }
      #expect(Observability.currentBaggage == ["a": "1"])
    }
    #expect(Observability.currentTraceID == nil)
  }
}

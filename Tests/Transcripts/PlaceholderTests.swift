import Testing
import Transcripts

@Suite struct PlaceholderTests {
  static let one = "0b0c0d0e-0000-4000-8000-000000000001"
  static let two = "0b0c0d0e-0000-4000-8000-000000000002"

  private func matches(_ placeholders: inout Placeholders, _ wanted: String, _ got: String) throws -> Bool {
    placeholders.match(try JSON.parse(wanted), try JSON.parse(got))
  }

  @Test func aNameIsTheSameValueThroughout() throws {
    var names = Placeholders(hosts: ["host_main": "127.0.0.1:4000"])
    let first = try matches(
      &names, #"{"a": "of $uuid1 at $host_main"}"#, #"{"a": "of \#(Self.one) at 127.0.0.1:4000"}"#)
    let again = try matches(&names, #""$uuid1""#, #""\#(Self.two)""#)
    let secondNameOfTheFirstValue = try matches(&names, #""$uuid2""#, #""\#(Self.one)""#)
    #expect(first && !again && !secondNameOfTheFirstValue)
    let filled = names.filled("x $uuid1")
    #expect(filled == "x \(Self.one)")
  }

  @Test func whatIsSentGetsAValue() {
    var names = Placeholders(hosts: [:])
    let made = names.filled("$uuid7")
    let again = names.filled("$uuid7")
    #expect(made.count == 36 && made == again)
  }

  @Test(arguments: [
    ("1", "1", true), ("1", "1.0", false), ("1", "true", false), ("0", "-0", true), ("1.0", "1e0", true),
    ("0.0", "-0.0", false), (#""$number""#, "5", true), (#""$number""#, #""5""#, false), ("[1,2]", "[2,1]", false),
    (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#, true), (#"{"a":1}"#, #"{"a":1,"b":2}"#, false),
    (#""\u00e9\ud83d\ude00\n""#, "\"é😀\\n\"", true),
  ])
  func valuesAreCompared(_ wanted: String, _ got: String, _ areEqual: Bool) throws {
    var names = Placeholders(hosts: [:])
    let result = try matches(&names, wanted, got)
    #expect(result == areEqual)
  }

  @Test func textIsReadBackAsItWasWritten() throws {
    for step in Transcript.all.flatMap(\.steps) {
      #expect(try JSON.parse(step.text).text == step.text)
    }
  }
}

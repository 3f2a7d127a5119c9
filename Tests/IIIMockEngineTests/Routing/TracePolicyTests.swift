import III
import Testing

@testable import IIIMockEngine

@Suite struct TracePolicyTests {
  static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  static let parent = "00-\(trace)-00f067aa0ba902b7-01"

  /// What callee and caller see of a call's headers.
  func headers(_ bench: RouterBench, _ more: String) throws -> (callee: JSONValue, caller: JSONValue) {
    var bench = bench
    let worker = bench.connect(functions: "f")
    let caller = bench.connect()
    bench.call(caller, 1, "f", "[]", more)
    let call = try #require(bench.output.take(worker).first)
    bench.answer(worker, id(1), #","result":1,"traceparent":"of-the-callee","baggage":"of=the-callee""#)
    let answer = try #require(bench.output.take(caller).first)
    return (call, answer)
  }

  @Test func strictWithoutTracingEchoesAndForwardsNothing() throws {
    let (callee, caller) = try headers(RouterBench(), #","traceparent":"garbage","baggage":"a=1;;""#)
    #expect(callee["traceparent"] == nil && callee["baggage"] == nil)
    #expect(caller["traceparent"] == "garbage" && caller["baggage"] == "a=1;;")
  }

  @Test func strictWithTracingMakesSpansOfTheCallersTrace() throws {
    let bench = RouterBench(.v0_13, isTracingEnabled: true)
    let (callee, caller) = try headers(bench, #","traceparent":" \#(Self.parent) ","baggage":"a=1""#)
    for frame in [callee, caller] {
      let made = try #require(Traceparent(frame["traceparent"]?.text ?? ""))
      #expect(made.traceID == Self.trace && made.spanID != "00f067aa0ba902b7" && made.flags == "01")
      #expect(frame["baggage"] == "a=1")
    }
    let (bare, _) = try headers(bench, "")
    #expect(Traceparent(bare["traceparent"]?.text ?? "") != nil && bare["baggage"] == nil)
  }

  @Test func laterEnginesForwardWhatIsValid() throws {
    let (callee, caller) = try headers(
      RouterBench(.current), #","traceparent":"\#(Self.parent)","baggage":"a=b=c,,x""#)
    #expect(callee["traceparent"] == .string(Self.parent) && callee["baggage"] == "a=b=c,,x")
    #expect(caller["traceparent"] == .string(Self.parent) && caller["baggage"] == "a=b=c,,x")
    let (other, echo) = try headers(RouterBench(.current), #","traceparent":"garbage""#)
    #expect(other["traceparent"] == nil && echo["traceparent"] == "garbage")
  }

  @Test(arguments: [
    ("", false), ("garbage", false), ("00-\(trace)-0000000000000000-01", false),
    ("ff-\(trace)-00f067aa0ba902b7-01", false),
    ("01-\(trace)-00f067aa0ba902b7-01", true), (parent + "-extra", false),
    ("01-\(trace)-00f067aa0ba902b7-01-extra", true),
    (parent.uppercased(), false), (" \(parent) ", true), ("00-\(trace.dropLast())-00f067aa0ba902b7-01", false),
    ("00-\(trace)-00f067aa0ba902b7-00", true),
  ]) func validity(text: String, isValid: Bool) { #expect((Traceparent(text) != nil) == isValid) }
}

extension JSONValue {
  /// A string's text.
  var text: String? { if case .string(let text) = self { text } else { nil } }
}

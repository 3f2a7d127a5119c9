import III
import Testing

@testable import iii_dev

@Suite struct TriggerPayloadTests {
  @Test(
    arguments: [
      ([], nil, "{}"),
      (["a=10", "b=true", "c=[1]", "d=null"], nil, #"{"a":10,"b":true,"c":[1],"d":null}"#),
      (["a=text", "b=1x", "c=\"10\"", "d={\"e\":1}"], nil, #"{"a":"text","b":"1x","c":"10","d":{"e":1}}"#),
      (["a=b=c", "d=", "e=x y"], nil, #"{"a":"b=c","d":"","e":"x y"}"#),
      (["a=1", "a=2"], nil, #"{"a":2}"#),
      (["ä=ö", "a b=1"], nil, #"{"ä":"ö","a b":1}"#),
      ([], "5", "5"),
      ([], "[1, 2]", "[1,2]"),
      ([], "null", "null"),
      ([], #"{"b": {"x": 1}, "a": 1}"#, #"{"b":{"x":1},"a":1}"#),
      (["b=2"], #"{"b": {"x": 1}, "a": 1}"#, #"{"b":2,"a":1}"#),
    ] as [([String], String?, String)])
  func payload(pairs: [String], json: String?, expected: String) throws {
    #expect(try TriggerPayload.make(pairs: pairs, json: json).jsonString() == expected)
  }

  @Test(
    arguments: [
      (["x"], nil, "expected key=value, got `x`"),
      (["=v"], nil, "payload key must not be empty (got `=v`)"),
      (["a=1"], "[1]", "--json must be an object when combined with kv pairs"),
      (["a=1"], "null", "--json must be an object when combined with kv pairs"),
      ([], "{nope", "--json: invalid JSON `{nope`: "),
      ([], "", "--json: invalid JSON ``: "),
    ] as [([String], String?, String)])
  func errors(pairs: [String], json: String?, text: String) {
    let error = #expect(throws: Failure.self) { try TriggerPayload.make(pairs: pairs, json: json) }
    #expect(error?.text.hasPrefix(text) == true, "\(String(describing: error))")
    #expect(error?.status == .failure)
  }
}

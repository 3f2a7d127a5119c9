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
    #expect(try TriggerPayload(pairs: pairs, json: json).json().jsonString() == expected)
  }

  @Test(
    arguments: [
      (["x"], nil, "expected KEY=VALUE, got `x`"),
      (["=v"], nil, "the key must not be empty (got `=v`)"),
      (["a=1"], "[1]", "--json must be an object when combined with KEY=VALUE pairs"),
      (["a=1"], "null", "--json must be an object when combined with KEY=VALUE pairs"),
      ([], "{nope", "--json: invalid JSON `{nope`: "),
      ([], "", "--json: invalid JSON ``: "),
      ([], "@/nowhere/x.json", "--json: the file '/nowhere/x.json' cannot be read: "),
    ] as [([String], String?, String)])
  func errors(pairs: [String], json: String?, text: String) {
    let error = #expect(throws: UsageError.self) { try TriggerPayload(pairs: pairs, json: json) }
    #expect(error?.message.hasPrefix(text) == true, "\(String(describing: error))")
  }

  @Test("the payload comes from a file or from the standard input")
  func files() throws {
    let file = try TemporaryFile(#"{"a": [1, 2]}"#)
    #expect(try TriggerPayload(pairs: [], json: "@\(file.path)").json().jsonString() == #"{"a":[1,2]}"#)
    #expect(try TriggerPayload(pairs: ["b=x"], json: "@\(file.path)").json().jsonString() == #"{"a":[1,2],"b":"x"}"#)
    let input = try TriggerPayload(pairs: [], json: "-") { path throws(UsageError) in
      #expect(path == nil)
      return "[null]"
    }
    #expect(input.json().jsonString() == "[null]")
    let broken = try TemporaryFile("{nope")
    let error = #expect(throws: UsageError.self) { try TriggerPayload(pairs: [], json: "@\(broken.path)") }
    #expect(error?.message.hasPrefix("--json: invalid JSON in @\(broken.path): ") == true)
  }

  @Test("a value whose parameter can only be a string stays a string")
  func schema() throws {
    let payload = try TriggerPayload(
      pairs: ["name=36", "age=36", "flag=true", "maybe=null", "either=7", "unknown=1", "text=x", "quoted=\"7\""],
      json: nil)
    let types = [
      "name": "string", "age": "integer", "flag": "string", "maybe": "string|null", "either": "integer|string",
      "text": "string", "quoted": "string",
    ]
    let parameters = types.map { FunctionHelp.Parameter(name: $0, type: $1, isRequired: true, description: "") }
    #expect(payload.needsSchema)
    #expect(
      payload.json(parameters: parameters).jsonString()
        == #"{"name":"36","age":36,"flag":"true","maybe":null,"either":7,"unknown":1,"text":"x","quoted":"7"}"#)
    #expect(try !TriggerPayload(pairs: ["a=x"], json: nil).needsSchema)
  }
}

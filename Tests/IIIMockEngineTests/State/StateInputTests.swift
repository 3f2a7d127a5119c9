import III
import Testing

@testable import IIIMockEngine

@Suite struct StateInputTests {
  static func reason(_ json: String, _ fields: [StateInput.Field] = [.scope, .key, .ops]) -> String? {
    do {
      _ = try json.bytes.withView { try StateInput($0, named: "StateUpdateInput", fields: fields) }
      return nil
    } catch {
      return (error as? InputMismatch)?.reason
    }
  }

  @Test("members of a wrong type are reported by name, before what is missing")
  func order() {
    #expect(Self.reason(#"{"scope":5,"key":null}"#) == "invalid type: null, expected a string")
    #expect(Self.reason(#"{"scope":5}"#) == "invalid type: integer `5`, expected a string")
    #expect(Self.reason(#"{"ops":[]}"#) == "missing field `scope`")
    #expect(Self.reason(#"{"scope":"s","ops":[]}"#) == "missing field `key`")
    #expect(Self.reason(#"{"scope":5,"key":"k","ops":[5]}"#)?.contains("UpdateOp") == true)
    #expect(Self.reason("[]") == "invalid type: sequence, expected struct StateUpdateInput")
  }

  @Test("the value may be called data, but not both")
  func alias() throws {
    let fields: [StateInput.Field] = [.scope, .key, .value]
    let input = try #"{"scope":"s","key":"\u006b","data":{"b": 1}}"#.bytes.withView {
      try StateInput($0, named: "StateSetInput", fields: fields)
    }
    #expect(input.key == "k".bytes && input.value.text == #"{"b": 1}"#)
    #expect(Self.reason(#"{"data":1,"scope":"s","key":"k","value":2}"#, fields) == "duplicate field `value`")
    #expect(Self.reason(#"{"data":1,"scope":5,"key":"k","value":2}"#, fields)?.hasPrefix("invalid type") == true)
    #expect(Self.reason(#"{"scope":"s","key":"k"}"#, fields) == "missing field `value`")
  }

  @Test(
    "an operation that does not decode says why",
    arguments: [
      (#"{"type":5}"#, "invalid type: integer `5`, expected variant identifier"),
      (#"{"type":"increment","path":null,"by":1.5}"#, "invalid type: floating point `1.5`, expected i64"),
      (#"{"type":"increment","path":null,"by":1}"#, "invalid type: null, expected a string"),
      (#"{"type":"increment","by":true}"#, "invalid type: boolean `true`, expected i64"),
      (#"{"type":"increment"}"#, "missing field `path`"), (#"{"type":"append","path":["a"]}"#, "missing field `value`"),
      (#"{"type":"append","path":true}"#, "data did not match any variant of untagged enum MergePath"),
      ("[]", "invalid type: sequence, expected internally tagged enum UpdateOp"),
    ])
  func operations(json: String, reason: String) {
    #expect(Self.reason(#"{"scope":"s","key":"k","ops":[\#(json)]}"#) == reason)
  }

  @Test("limits of paths and merged values")
  func limits() {
    func code(_ action: UpdateOperation.Action, _ path: [String]) -> String? {
      UpdateOperation(action: action, path: path.map(\.bytes)).problem?.code
    }
    let many = "{" + (0...1024).map { "\"k\($0)\":1" }.joined(separator: ",") + "}"
    let deep = String(repeating: #"{"a":"#, count: 17) + "\"[[[{{{\"" + String(repeating: "}", count: 17)
    let fits = String(repeating: #"{"a":"#, count: 16) + "\"[[[{{{\\\"[\"" + String(repeating: "}", count: 16)
    #expect(code(.append(value: "1".bytes), Array(repeating: "a", count: 33)) == "append.path.too_deep")
    #expect(code(.append(value: "1".bytes), Array(repeating: "a", count: 32)) == nil)
    #expect(code(.remove, [String(repeating: "a", count: 257)]) == "remove.path.segment_too_long")
    #expect(code(.remove, [String(repeating: "a", count: 256)]) == nil)
    #expect(code(.merge(value: "5".bytes), ["a", ""]) == "merge.path.empty_segment")
    #expect(code(.merge(value: "5".bytes), ["a"]) == "merge.value.not_an_object")
    #expect(code(.merge(value: many.bytes), []) == "merge.value.too_many_keys")
    #expect(code(.merge(value: #"{"constr\u0075ctor":1}"#.bytes), []) == "merge.value.proto_polluted")
    #expect(code(.merge(value: deep.bytes), []) == "merge.value.too_deep")
    #expect(code(.merge(value: fits.bytes), []) == nil)
  }
}

import III
import Testing

@testable import IIIMockEngine

@Suite struct RegistrationHookTests {
  private let function = HookedRegistration.function(
    id: "f", description: nil, metadata: Array(#"{"exposed":true}"#.utf8))
  private let trigger = HookedRegistration.trigger(
    id: "t", type: "cron", functionID: "f", config: Array("{}".utf8), metadata: nil)

  private func json(_ bytes: [UInt8]) throws -> JSONValue {
    try JSONValue(parsing: String(decoding: bytes, as: UTF8.self))
  }

  @Test("a hook is told of the registration and of the session's context")
  func inputs() throws {
    let context = Array(#"{"user":"u"}"#.utf8)
    #expect(
      try json(function.input(context: context)) == [
        "function_id": "f", "description": nil, "metadata": ["exposed": true], "context": ["user": "u"],
      ])
    #expect(
      try json(trigger.input(context: context)) == [
        "trigger_id": "t", "trigger_type": "cron", "function_id": "f", "config": [:], "metadata": nil,
        "context": ["user": "u"],
      ])
    #expect(
      try json(HookedRegistration.triggerType(id: "y", description: "d").input(context: Array("{}".utf8))) == [
        "trigger_type_id": "y", "description": "d", "context": [:],
      ])
  }

  @Test("only an object allows a registration", arguments: [nil, JSONValue.null, true, false, 1, "x", []])
  func denials(answer: JSONValue?) { #expect(function.applying(answer) == nil) }

  @Test("an answer's strings replace, null erases metadata and config only")
  func changes() {
    #expect(function.applying([:]) == function)
    #expect(function.applying(["function_id": 5, "description": nil]) == function)
    #expect(
      function.applying(["function_id": "g", "description": "d"])
        == .function(id: "g", description: "d", metadata: Array(#"{"exposed":true}"#.utf8)))
    #expect(function.applying(["metadata": nil]) == .function(id: "f", description: nil, metadata: Array("null".utf8)))
    #expect(
      trigger.applying(["trigger_id": "u", "trigger_type": "http", "function_id": "g", "config": nil, "metadata": 1])
        == .trigger(id: "u", type: "http", functionID: "g", config: Array("null".utf8), metadata: nil))
  }

  @Test("changed ids and erasing nulls are reported")
  func surprises() throws {
    let applied = try #require(function.applying(["function_id": "g", "metadata": nil]))
    #expect(
      function.surprises(after: applied) == [
        "function 'f' became 'g'", "null erased the metadata of function 'g'",
      ])
    #expect(function.surprises(after: function).isEmpty)
  }

  @Test("a middleware function gets the call as it was sent")
  func middleware() throws {
    let bytes = "\"api::users\"".utf8View { id in
      "[1,  2]".utf8View { payload in
        MiddlewareInput(functionID: id, payload: payload, action: nil, context: Array("null".utf8)).bytes
      }
    }
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"function_id":"api::users","payload":[1,  2],"action":null,"context":null}"#)
  }

  @Test("an auth function gets visible headers, the raw query and the address")
  func authentication() {
    let input = AuthenticationInput(
      headers: ["Host": "x", "X-Token": "one", "x-token": "two", "x-bad": "caf\u{E9}", "x-empty": ""],
      query: "a=1&a=2&b=%20&c&=x&&d=&A=+", ipAddress: "::1")
    #expect(
      input.json == [
        "headers": ["host": "x", "x-token": "two", "x-empty": ""],
        "query_params": ["a": ["1", "2"], "b": ["%20"], "c": [""], "d": [""], "A": ["+"]], "ip_address": "::1",
      ])
    #expect(input.omittedHeaders == ["x-bad"])
  }
}

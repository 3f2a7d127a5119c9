import III
import Testing

@Suite struct AccessPayloadTests {
  @Test("the engine's inputs of auth functions, middleware and hooks are decoded")
  func inputs() throws {
    let auth: AuthInput = try decode(
      ["headers": ["x-token": "t"], "query_params": ["a": ["1", "2"]], "ip_address": "::1", "later": 1])
    #expect(auth == AuthInput(headers: ["x-token": "t"], queryParams: ["a": ["1", "2"]], ipAddress: "::1"))

    let call: MiddlewareFunctionInput = try decode(
      ["function_id": "f", "payload": nil, "action": ["type": "void"], "context": ["user": "u"]])
    #expect(call == MiddlewareFunctionInput(functionID: "f", action: ["type": "void"], context: ["user": "u"]))

    let function: OnFunctionRegistrationInput = try decode(
      ["function_id": "f", "description": nil, "metadata": ["a": 1], "context": [:]])
    #expect(function == OnFunctionRegistrationInput(functionID: "f", metadata: ["a": 1]))

    let trigger: OnTriggerRegistrationInput = try decode(
      ["trigger_id": "t", "trigger_type": "cron", "function_id": "f", "config": nil, "metadata": nil, "context": nil])
    #expect(trigger == OnTriggerRegistrationInput(triggerID: "t", triggerType: "cron", functionID: "f", context: nil))

    let type: OnTriggerTypeRegistrationInput = try decode(
      ["trigger_type_id": "y", "description": "d", "context": ["user": "u"]])
    #expect(type == OnTriggerTypeRegistrationInput(triggerTypeID: "y", description: "d", context: ["user": "u"]))
  }

  @Test("a session is encoded completely, without members that old engines do not support")
  func session() throws {
    #expect(
      try JSONValue(encoding: AuthResult()) == [
        "allowed_functions": [], "forbidden_functions": [], "allow_trigger_type_registration": false,
        "allow_function_registration": true, "context": [:],
      ])
    let full = AuthResult(
      allowedFunctions: ["a"], forbiddenFunctions: ["b"], allowedTriggerTypes: [], allowTriggerTypeRegistration: true,
      allowFunctionRegistration: false, functionRegistrationPrefix: "team", context: nil,
      namespaces: ["default": ["x::*"]])
    #expect(try JSONValue(encoding: full)["namespaces"] == ["default": ["x::*"]])
    #expect(try JSONValue(encoding: full)["allowed_trigger_types"] == [])
    let decoded: AuthResult = try decode(["allowed_functions": ["a"]])
    #expect(decoded == AuthResult(allowedFunctions: ["a"]))
  }

  @Test("a hook's default result changes nothing, and only null removes a value")
  func results() throws {
    #expect(try JSONValue(encoding: OnFunctionRegistrationResult()) == [:])
    #expect(try JSONValue(encoding: OnTriggerRegistrationResult()) == [:])
    #expect(try JSONValue(encoding: OnTriggerTypeRegistrationResult(description: "d")) == ["description": "d"])
    #expect(try JSONValue(encoding: OnFunctionRegistrationResult(metadata: .null)) == ["metadata": nil])
    #expect(try JSONValue(encoding: OnTriggerRegistrationResult(config: .null)) == ["config": nil])
  }

  private func decode<T: Decodable>(_ value: JSONValue) throws -> T { try value.decoded() }
}

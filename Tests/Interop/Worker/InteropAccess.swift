import III

/// What the engine asks a worker about where it is the auth function, the middleware or a hook of a listener.
struct InteropAccess: Sendable {
  let worker: III
  let prefix: String

  func register() throws {
    try worker.registerFunction("\(prefix)::auth") { (input: AuthInput) async throws -> AuthResult in
      let token = input.queryParams["token"]?.first ?? ""
      var session = AuthResult(allowTriggerTypeRegistration: true, context: ["token": .string(token)])
      switch token {
      case "valid": break
      case "forbidden": session.forbiddenFunctions = ["\(prefix)::echo"]
      case "prefix": session.functionRegistrationPrefix = "team"
      default: throw IIIInvocationError(code: "DENIED", message: "invalid token")
      }
      return session
    }
    try worker.registerFunction("\(prefix)::middleware") {
      (call: MiddlewareFunctionInput) async throws -> JSONValue in
      let result: JSONValue = try await worker.trigger(call.functionID, payload: call.payload)
      return ["token": call.context["token"] ?? nil, "result": result]
    }
    // One function for the three kinds of registrations.
    try worker.registerFunction("\(prefix)::hook") { (input: JSONValue) async throws -> JSONValue in
      if case .string(let id)? = input["function_id"], id.hasSuffix("::big") {
        throw IIIInvocationError(code: "DENIED", message: "not big")
      }
      return [:]
    }
  }
}

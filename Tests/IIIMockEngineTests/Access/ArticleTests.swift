import III
import IIIMockEngine
import TestSupport
import Testing

/// Compiles and runs the code of the article "Access control".
@Suite(.timeLimit(.minutes(5))) struct ArticleTests {
  @Test("every Swift block of the article is in this file, line by line")
  func blocksAreHere() throws {
    try Article.expectBlocks(of: "Access control", count: 7, in: #filePath)
  }

  @Test("the code of the article does what it says")
  func runs() async throws {
    var configuration = MockEngine.Configuration()
    configuration.listeners = [
      .init(),
      .init(
        access: AccessRules(
          authFunctionID: "gate::auth",
          exposeFunctions: [.matching("public::*"), .metadata([.equals("open", true)])])),
    ]
    let engine = try await MockEngine.start(configuration)
    let inside = engine.addresses[0]
    let outside = engine.addresses[1]

    let gate = try await registerWorker(inside)
    try gate.registerFunction("gate::auth") { (input: AuthInput) async throws -> AuthResult in
      guard input.headers["x-token"] == "secret" else {
        throw IIIInvocationError(code: "DENIED", message: "invalid token")
      }
      return AuthResult(forbiddenFunctions: ["public::delete"], context: ["user": "ada"])
    }
    try await engine.waitForFunction("gate::auth")

    let options = InitOptions(workerName: "web", headers: ["X-Token": "secret"])
    let worker = try await registerWorker(outside, options: options)

    let forbidden = await #expect(throws: IIIForbiddenError.self) {
      try await worker.trigger("public::delete", payload: ["id": 7])
    }
    #expect(forbidden?.message == "function 'public::delete' not allowed (remove from rbac.forbidden_functions)")
    do {
      try await worker.trigger("public::delete", payload: ["id": 7])
    } catch let error as IIIForbiddenError {
      print(error.message)  // function 'public::delete' not allowed (remove from rbac.forbidden_functions)
    }

    try gate.registerFunction("gate::on-function") { (input: OnFunctionRegistrationInput) async throws in
      guard input.functionID.hasPrefix("web::") else { throw IIIInvocationError(code: "DENIED", message: "use web::") }
      return OnFunctionRegistrationResult()
    }
    try gate.registerFunction("gate::audit") { (call: MiddlewareFunctionInput) async throws -> JSONValue in
      print(call.context["user"] ?? "nobody", "calls", call.functionID)
      return try await gate.trigger(call.functionID, payload: call.payload)
    }
    try gate.registerFunction("public::echo") { (value: JSONValue) async in value }
    try await engine.waitForFunction("public::echo")
    let audited: JSONValue = try await gate.trigger(
      "gate::audit", payload: ["function_id": "public::echo", "payload": [1], "context": [:]])
    #expect(audited == [1])

    engine.access.deny("orders::*")
    await #expect(throws: IIIForbiddenError.self) {
      try await gate.trigger("orders::charge", payload: ["id": 7])
    }
    let denial = try await engine.waitForDenial(of: "orders::charge")
    #expect(denial.reason == "denied by the test: orders::*")

    let explanation = try await engine.access.explain("orders::charge", as: gate)
    #expect(!explanation.isAllowed)
    print(explanation)  // a line for each rule, up to the one that decides
    engine.access.reset()

    await worker.shutdown()
    await gate.shutdown()
    await engine.shutdown()
  }
}

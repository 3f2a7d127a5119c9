import III
import IIIMockEngine
import Testing
import UV

@testable import iii_dev

/// `access explain` in this process, against an engine in this process.
@Suite(.timeLimit(.minutes(5))) struct AccessCommandTests {
  private func withGate(
    _ compatibility: Compatibility = .current, _ body: (_ engine: MockEngine, _ port: String) async throws -> Void
  ) async throws {
    var configuration = MockEngine.Configuration()
    configuration.compatibility = compatibility
    configuration.listeners = [
      .init(), .init(access: AccessRules(authFunctionID: "gate::auth", exposeFunctions: [.matching("public::*")])),
    ]
    try await withMockEngine(configuration) { engine in
      let gate = try await engine.registerWorker(options: InitOptions(workerName: "gate"))
      try gate.registerFunction("gate::auth") { (input: AuthInput) async throws -> AuthResult in
        guard input.headers["x-token"] == "secret" || input.queryParams["token"] == ["secret"] else {
          throw IIIInvocationError(code: "DENIED", message: "invalid token")
        }
        return AuthResult(forbiddenFunctions: ["public::delete"])
      }
      try await engine.waitForFunction("gate::auth")
      try await engine.waitForWorker(named: "gate")
      try await body(engine, engine.url.split(separator: ":").last.map(String.init) ?? "")
    }
  }

  @Test("explain prints the decision and the rules up to the one that decides, and ends with 0 or 1")
  func explains() async throws {
    try await withGate { engine, port in
      let denied = await run(
        "access", "explain", "public::delete", "--listener", "1", "--header", "X-Token: secret", "--port", port)
      #expect(denied.status == .failure)
      #expect(
        denied.output == """
          public::delete: denied
            deny and allow of the test: does not apply
            forbidden_functions of the session: denied, in forbidden_functions of the session

          """)
      let allowed = await run(
        "access", "explain", "public::f", "--listener", "1", "--query", "token=secret", "--port", port)
      #expect(allowed.status == .success)
      #expect(
        allowed.output.contains(
          "rbac.expose_functions: allowed, exposed by rbac.expose_functions: match(\"public::*\")"))
      #expect(await run("access", "explain", "anything", "--worker", "gate", "--port", port).status == .success)
      engine.access.deny("anything")
      #expect(await run("access", "explain", "anything", "--worker", "gate", "--port", port).status == .failure)
    }
  }

  @Test("what cannot be explained is an error that says why")
  func errors() async throws {
    try await withGate { _, port in
      let refused = await run("access", "explain", "f", "--listener", "1", "--port", port)
      #expect(refused.status == .failure && refused.errors.contains("invalid token"))
      let listener = await run("access", "explain", "f", "--listener", "7", "--port", port)
      #expect(listener.errors.contains("There is no listener 7: this engine has 2, from 0 on."))
      let worker = await run("access", "explain", "f", "--worker", "nobody", "--port", port)
      #expect(worker.errors.contains("Worker 'nobody' is not connected."))
    }
    try await withGate(.v0_13) { _, port in
      let strict = await run("access", "explain", "f", "--port", port)
      #expect(strict.errors.contains("this engine cannot explain access: it is a strict one, or not iii-dev"))
    }
  }

  @Test(
    "a command line that is not understood ends with 2",
    arguments: [
      ([], "expected: iii-dev access explain FUNCTION"), (["explain"], "expected: iii-dev access explain FUNCTION"),
      (["explain", "f", "--listener", "x"], "is not a number of a listener"),
      (["explain", "f", "--header", "x"], "is not of the form NAME:VALUE"),
      (["explain", "f", "--worker", "w", "--listener", "1"], "leave out the options of a new one"),
    ] as [([String], String)])
  func usage(arguments: [String], text: String) throws {
    let error = #expect(throws: UsageError.self) { try AccessOptions(arguments) }
    #expect(error?.message.contains(text) == true)
  }

  @Test("the help of the verb lists its options")
  func help() async {
    let shown = await run("access", "--help")
    #expect(shown.status == .success && shown.output.contains("--header NAME:VALUE"))
  }
}

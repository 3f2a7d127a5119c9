import III
import IIIMockEngine
import Testing
import UV

@testable import iii_dev

/// `trigger` in this process, against an engine in this process.
@Suite(.timeLimit(.minutes(1))) struct TriggerCommandTests {
  /// What a run of the command line says and ends with.
  private func run(_ arguments: String...) async -> (status: iii_dev.ExitStatus, output: String, errors: String) {
    let texts = Lock(("", ""))
    let console = Console(
      writeOut: { text in texts.withLock { $0.0 += text } }, writeError: { text in texts.withLock { $0.1 += text } })
    let status = await Command.run(arguments, console: console)
    let (output, errors) = texts.withLock { $0 }
    return (status, output, errors)
  }

  private func withFunctions(_ body: (_ port: String) async throws -> Void) async throws {
    let (hanging, release) = AsyncStream.makeStream(of: Never.self)
    defer { release.finish() }
    try await withMockEngine { engine in
      let worker = try await registerWorker(engine.url)
      try worker.registerFunction("echo") { (value: JSONValue) async throws -> JSONValue in
        value["nothing"] == nil ? value : .null
      }
      try worker.registerFunction("fails") { (_: JSONValue) async throws -> JSONValue in
        throw IIIInvocationError(code: "NO_FUNDS", message: "no \u{1B}[31mfunds")
      }
      try worker.registerFunction("hangs") { (_: JSONValue) async throws -> JSONValue in
        for await _ in hanging {}
        return .null
      }
      try worker.registerFunction(
        "documented", description: "Adds.",
        requestFormat: .schema(["properties": ["x": ["type": "integer"]], "required": ["x"]])
      ) { (value: JSONValue) async throws -> JSONValue in value }
      for id in ["echo", "fails", "hangs", "documented"] { try await engine.waitForFunction(id) }
      try await body(engine.url.split(separator: ":").last.map(String.init) ?? "")
      await worker.shutdown()
    }
  }

  @Test func results() async throws {
    try await withFunctions { port in
      let object = await run("trigger", "echo", "b=1", "a=x", "--port", port)
      #expect(object.status == .success)
      #expect(object.output.hasPrefix("{\n"))
      #expect(object.output.contains("\n  \"a\": \"x\",\n  \"b\": 1\n}\n"))
      #expect(object.errors == "")
      #expect(await run("trigger", "echo", "--json", "[1]", "--port", port).output == "[\n  1\n]\n")
      let nothing = await run("trigger", "echo", "nothing=1", "--address", "127.0.0.1", "--port", port)
      #expect(nothing.status == .success)
      #expect(nothing.output == "")
    }
  }

  @Test func errors() async throws {
    try await withFunctions { port in
      let missing = await run("trigger", "nope", "--port", port)
      #expect(missing.status == .failure)
      #expect(missing.output == "")
      #expect(
        missing.errors == """
          Error: {
            "code": "function_not_found",
            "message": "Function nope not found",
            "stacktrace": null
          }

          """)
      let failed = await run("trigger", "fails", "--port", port)
      #expect(failed.status == .failure)
      #expect(failed.errors.contains("\"code\": \"NO_FUNDS\",\n  \"message\": \"no \\u001b[31mfunds\","))
    }
  }

  static let timedOut =
    "Error: Timed out waiting for the engine (no response within the timeout). "
    + "Is the engine running at the given address and port?\n"

  @Test func noAnswerInTime() async throws {
    try await withFunctions { port in
      let hanging = await run("trigger", "hangs", "--port", port, "--timeout-ms", "200")
      #expect(hanging.status == .failure)
      #expect(hanging.errors == Self.timedOut)
    }
  }

  @Test func noEngine() async throws {
    let end = await run("trigger", "f", "--port", "1", "--timeout-ms", "50")
    #expect(end.status == .failure)
    #expect(end.errors == Self.timedOut)
    let help = await run("trigger", "f", "--help", "--port", "1", "--timeout-ms", "50")
    #expect(help.status == .success)
    #expect(help.errors == "warning: could not query engine for `f`: invocation timed out\n")
    #expect(help.output == Help.trigger)
  }

  @Test func helpOfFunctions() async throws {
    try await withFunctions { port in
      let documented = await run("trigger", "documented", "--help", "--port", port)
      #expect(documented.status == .success)
      #expect(documented.output.hasPrefix("documented\n\nAdds.\n\nUsage: iii-dev trigger documented "))
      #expect(documented.output.contains("  x     integer  yes\n"))
      let plain = await run("trigger", "--help", "echo", "--port", port)
      #expect(plain.output.contains("(no request schema published)"))
      let missing = await run("trigger", "nope", "-h", "--port", port)
      #expect(missing.status == .failure)
      #expect(
        missing.errors == """
          error: function `nope` not found in engine registry.
          hint: run `iii-dev trigger engine::functions::list` to see registered functions.

          """)
    }
  }
}

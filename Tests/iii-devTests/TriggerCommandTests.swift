import III
import IIIMockEngine
import TestSupport
import Testing
import UV

@testable import iii_dev

/// `trigger` in this process, against an engine in this process.
@Suite(.timeLimit(.minutes(5))) struct TriggerCommandTests {
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
          Hint: run `iii-dev trigger engine::functions::list` to see the registered functions.

          """)
      let misspelled = await run("trigger", "fail", "--port", port)
      #expect(misspelled.errors.hasSuffix("}\nHint: did you mean 'fails'?\n"))
      let failed = await run("trigger", "fails", "--port", port)
      #expect(failed.status == .failure)
      #expect(failed.errors.contains("\"code\": \"NO_FUNDS\",\n  \"message\": \"no \\u001b[31mfunds\","))
    }
  }

  @Test("the error of a slow function says that the engine is connected")
  func noAnswerInTime() async throws {
    try await withFunctions { port in
      // The time includes the connecting, which is slow on a busy machine: the first time that is enough for it counts.
      for limit in [200, 2_000, 20_000] {
        let hanging = await run("trigger", "hangs", "--port", port, "--timeout-ms", "\(limit)")
        #expect(hanging.status == .failure)
        if hanging.errors.hasPrefix("Error: cannot connect"), limit < 20_000 { continue }
        #expect(
          hanging.errors == "Error: function 'hangs' has not answered within \(limit) ms; the engine can be reached. "
            + "The function may still be running: give it more time with --timeout-ms\n")
        break
      }
    }
  }

  @Test("a refused connection fails at once; with `--wait` when the time has passed")
  func noEngine() async throws {
    let end = await run("trigger", "f", "--port", "1")
    #expect(end.status == .failure)
    #expect(end.errors.hasPrefix("Error: cannot connect to ws://localhost:1: "), "\(end.errors)")
    #expect(end.errors.contains("ECONNREFUSED"))
    #expect(
      end.errors.hasSuffix("\nHint: is the engine running? Start one with `iii-dev`, or wait for it with --wait\n"))
    let waiting = await run("trigger", "f", "--port", "1", "--timeout-ms", "50", "--wait")
    #expect(waiting.errors.hasPrefix("Error: no connection to ws://localhost:1 within 50 ms: "), "\(waiting.errors)")
    let help = await run("trigger", "f", "--help", "--port", "1")
    #expect(help.status == .success)
    #expect(
      help.errors.hasPrefix("warning: the engine could not be asked for `f`: cannot connect to ws://localhost:1: "))
    #expect(help.output == Help.text(of: .trigger))
  }

  @Test("with `--wait` the call is made once the engine can be reached")
  func waits() async throws {
    let reservation = ReservedPort()
    let port = reservation.port
    let (lines, note) = AsyncStream<String>.makeStream()
    let output = Lock("")
    let console = Console(
      writeOut: { text in output.withLock { $0 += text } }, writeError: { note.yield($0) })
    async let status = Command.run(
      ["trigger", "engine::functions::list", "--port", "\(port)", "--wait", "--verbose"], console: console)
    var line = lines.makeAsyncIterator()
    while let text = await line.next(), !text.contains("trying again") {}
    var configuration = MockEngine.Configuration()
    configuration.listeners = [.init(port: Int(port))]
    let engine = try await MockEngine.start(configuration)
    withExtendedLifetime(reservation) {}
    while let text = await line.next(), !text.hasPrefix("connected to ws://localhost:\(port) after ") {}
    while let text = await line.next(), !text.hasPrefix("engine::functions::list answered after ") {}
    #expect(await status == .success)
    #expect(output.withLock { $0.contains("\"functions\"") })
    await engine.shutdown()
  }

  @Test("a value for a parameter that is a string is sent as a string")
  func schemaOfStrings() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction(
        "named", requestFormat: .schema(["properties": ["name": ["type": "string"], "age": ["type": "integer"]]])
      ) { (value: JSONValue) async in value }
      try await engine.waitForFunction("named")
      let end = await run("trigger", "named", "name=36", "age=36", "--address", engine.url)
      #expect(end.output == "{\n  \"age\": 36,\n  \"name\": \"36\"\n}\n")
      #expect(end.errors == "")
    }
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
          error: function `nope` is not registered.
          hint: run `iii-dev trigger engine::functions::list` to see the registered functions.

          """)
    }
  }
}

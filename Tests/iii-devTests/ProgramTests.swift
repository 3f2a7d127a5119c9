import Foundation
import III
import IIIMockEngine
import Testing
import UV

@testable import iii_dev

/// The command as users run it.
@Suite(.timeLimit(.minutes(5))) struct ProgramTests {
  @Test(arguments: [SIGTERM, SIGINT])
  func servesUntilASignal(_ signal: Int32) async throws {
    let engine = try Program("--port", "0")
    let url = try #require(await engine.url())
    let worker = try await registerWorker(url, options: InitOptions(workerName: "tests"))
    try worker.registerFunction("tests::double") { (number: Int) async throws -> Int in 2 * number }
    let port = try #require(url.split(separator: ":").last.map(String.init))
    #expect(url == "ws://127.0.0.1:\(port)")
    #expect(await engine.line(after: "    └ worker: \"tests (") != nil)  // the function is registered

    let call = try await Program("trigger", "tests::double", "--json", "21", "--port", port).end()
    #expect(call.status == 0)
    #expect(call.output == "42\n")
    #expect(call.errors == "")

    await worker.shutdown()
    engine.send(signal)
    let end = await engine.end()
    #expect(end.status == 0)
    #expect(end.errors == "")
    #expect(end.output.contains("Worker 'tests' disconnected"))
    #expect(end.output.hasSuffix("[INFO] iii Engine shutdown complete\n"))
  }

  @Test("without free descriptors the engine logs it, at most once a minute, and continues")
  func outOfDescriptors()
    async throws
  {
    let engine = try Program(["--port", "0"], descriptors: 64)
    let url = try #require(await engine.url())
    let port = try #require(url.split(separator: ":").last.flatMap { UInt16($0) })
    let address = try #require(SocketAddress(numericHost: "127.0.0.1", port: port))
    let loop = try Loop(name: "test")
    // Far more than the limit; the engine closes those above it.
    loop.post { for _ in 0..<100 { _ = TCPStream.connect(on: loop, to: address) { _ in } } }
    let warning = await engine.line(containing: "was closed because")
    #expect(warning?.contains("all 64 files that this process may have open are in use (EMFILE)") == true)
    #expect(await loop.stop() == 0)  // closes the connections
    let worker = try await registerWorker(url, options: InitOptions(workerName: "tests"))
    await worker.shutdown()
    engine.send(SIGTERM)
    let end = await engine.end()
    #expect(end.status == 0)
    #expect(!end.output.contains("was closed because"))
  }

  /// With a worker that does not disconnect.
  @Test func endsWithWorkersConnected() async throws {
    let engine = try Program("--port=0", "--quiet", "--strict")
    let url = try #require(await engine.url())
    let worker = try await registerWorker(url)
    var states = worker.connectionStates.makeAsyncIterator()
    #expect(await states.next() == .connected)
    engine.send(SIGTERM)
    let end = await engine.end()
    #expect(end.status == 0)
    #expect(end.output == "")
    #expect(await states.next() != .connected)
    await worker.shutdown()
  }

  @Test func aTakenPortIsNamedWithItsHolder() async throws {
    try await withMockEngine { engine in
      let port = try #require(engine.url.split(separator: ":").last.map(String.init))
      let file = try TemporaryFile(
        "workers:\n  - name: iii-worker-manager\n    config: {host: 127.0.0.1, port: \(port)}\n")
      var isHolderNamed = false
      for arguments in [["--port", port], ["--config", file.path], ["demo", "--port", port]] {
        let end = try await Program(arguments).end()
        #expect(end.status == 1)
        #expect(end.output == "")
        #expect(end.errors.hasPrefix("Error: address 127.0.0.1:\(port) is already in use"))
        #expect(end.errors.contains("--port 0"))
        // The holder is looked up while other tests open and close files in its process, and can be missed then.
        if end.errors.contains("(process \(ProcessInfo.processInfo.processIdentifier))") { isHolderNamed = true }
      }
      #if os(Linux)
        #expect(isHolderNamed)
      #endif
    }
  }

  @Test(
    arguments: [
      (["--help"], 0, "Usage:", ""),
      (["--version"], 0, "0.1.0\n", ""),
      (["trigger", "--help"], 0, "Tip:", ""),
      (["demo", "-h"], 0, "iii-dev demo", ""),
      (["--prot", "5"], 2, "", "unknown option '--prot'; did you mean '--port'?"),
      (["tigger"], 2, "", "unknown command 'tigger'; did you mean 'trigger'?"),
      (["trigger", "f", "--function-id", "g"], 2, "", "unknown option '--function-id'"),
      (["trigger"], 2, "", "error: missing FUNCTION: iii-dev trigger FUNCTION"),
      (["trigger", "f", "x"], 2, "", "error: expected KEY=VALUE, got `x`"),
      (["trigger", "f", "--json", "[1]", "a=1"], 2, "", "must be an object"),
      (["trigger", "f", "--json", "{"], 2, "", "invalid JSON"),
      (["trigger", "f", "--address", "http://h"], 2, "", "must begin with ws:// or wss://"),
      (["--config", "/nowhere/x.yaml"], 1, "", "Error: Config file not found: '/nowhere/x.yaml'.\nHint: "),
      (["--host", "256.0.0.1", "--port", "0"], 1, "", "Error: cannot listen at 256.0.0.1:0: "),
    ] as [([String], Int32, String, String)])
  func statusesAndTexts(arguments: [String], status: Int32, output: String, errors: String) async throws {
    let end = try await Program(arguments).end()
    #expect(end.status == status)
    #expect(output.isEmpty ? end.output.isEmpty : end.output.contains(output))
    #expect(errors.isEmpty ? end.errors.isEmpty : end.errors.contains(errors), "\(end.errors)")
  }

  @Test(
    arguments: [
      ("workers: [{name: iii-worker-manager, rbac: {}}]", 1, "will not run open instead\n  at line 1 column 38"),
      ("workers: [{name: iii-worker-manager, config: {prot: 1}}]", 1, "unknown field `prot`"),
      ("workers: 5", 1, "Error: Failed to parse config file"),
      ("# ${IIIDEV_TEST_UNSET}", 101, "Error: Environment variable 'IIIDEV_TEST_UNSET' not set"),
    ] as [(String, Int32, String)])
  func filesThatCannotBeUsed(text: String, status: Int32, errors: String) async throws {
    let file = try TemporaryFile(text)
    let end = try await Program("--config", file.path).end()
    #expect(end.status == status)
    #expect(end.output == "")
    #expect(end.errors.contains(errors), "\(end.errors)")
  }

  @Test func aFileWithTwoListenersAndAWarning() async throws {
    let file = try TemporaryFile(
      """
      workers:
        - name: iii-worker-manager
          config: {host: 127.0.0.1, port: ${IIIDEV_TEST_PORT:x}}
        - name: iii-exec
      modules:
        - name: iii-worker-manager
          config: {host: 127.0.0.1, port: 0}
        - name: iii-observability
          config: {enabled: false, format: json, level: warn}
      """)
    let engine = try Program("-c", file.path, variables: ["IIIDEV_TEST_PORT": "0"])
    let warning = try #require(await engine.line(after: "{\"timestamp\":"))
    #expect(warning.contains("worker 'iii-exec' is not part of this engine; line 4: ignored"))
    let urls = [try #require(await engine.url()), try #require(await engine.url())]
    let first = try await registerWorker(urls[0])
    try first.registerFunction("first::ping") { (_: JSONValue) async throws -> JSONValue in "pong" }
    let port = try #require(urls[0].split(separator: ":").last.map(String.init))
    let second = try await registerWorker(urls[1])
    // Both connections are served in order: the first one's registration has been read once its call was answered.
    _ = try await first.trigger(TriggerRequest(functionID: "engine::workers::list", payload: [:]))
    #expect(try await second.trigger(TriggerRequest(functionID: "first::ping")) == "pong")
    #expect(try await Program("trigger", "first::ping", "--port", port).end().output == "\"pong\"\n")
    await first.shutdown()
    await second.shutdown()
    engine.send(SIGTERM)
    let end = await engine.end()
    #expect(end.status == 0)
    #expect(end.output == "")  // no records of that level
  }

  @Test func demo() async throws {
    let demo = try Program("demo", "--port", "0")
    let url = try #require(await demo.url())
    let port = try #require(url.split(separator: ":").last.map(String.init))
    #expect(await demo.line(after: "    → {\"message\": \"Hello, world!\"}") != nil)
    #expect(await demo.line(after: "    const worker = registerWorker('\(url)')") != nil)
    let call = try await Program("trigger", "demo::greet", "name=Ada", "--port", port).end()
    #expect(call.output == "{\n  \"message\": \"Hello, Ada!\"\n}\n")
    demo.send(SIGINT)
    let end = await demo.end()
    #expect(end.status == 0)
    #expect(end.errors == "")
  }
}

@Suite(.timeLimit(.minutes(5))) struct JournalFileTests {
  @Test("--journal writes what happened as JSON Lines, to the end")
  func journal() async throws {
    let file = try TemporaryFile("an older file")
    let engine = try Program("--port", "0", "--journal", file.path)
    let url = try #require(await engine.url())
    let worker = try await registerWorker(url, options: InitOptions(workerName: "tests"))
    try worker.registerFunction("tests::double") { (number: Int) async throws -> Int in 2 * number }
    #expect(await engine.line(after: "    └ worker: \"tests (") != nil)
    let _: Int = try await worker.trigger("tests::double", payload: 4)
    await worker.shutdown()
    engine.send(SIGTERM)
    #expect(await engine.end().status == 0)
    let lines = try String(contentsOfFile: file.path, encoding: .utf8).split(separator: "\n").map {
      try JSONValue(parsing: String($0))
    }
    #expect(lines.first?["event"] == "opened" && lines.last?["event"] == "closed")
    #expect(lines.contains { $0["message"]?["result"] == 8 })
    #expect(lines.map { $0["number"] } == (1...lines.count).map { .int(Int64($0)) })
  }

  @Test("--journal with a path that cannot be written ends with an error that names it")
  func unwritable() async throws {
    let end = await (try Program("--port", "0", "--journal", "/nonexistent/journal.jsonl")).end()
    #expect(end.status == 1)
    #expect(end.errors.contains("cannot write the journal to /nonexistent/journal.jsonl"))
  }
}

import III
import IIIMockEngine
import TestSupport
import Testing

@testable import iii_dev

/// The verbs that show what an engine has, in this process, against an engine in this process.
@Suite(.timeLimit(.minutes(5))) struct ShowCommandTests {
  private func withEngine(
    _ compatibility: Compatibility = .current, _ body: (_ engine: MockEngine, _ port: String) async throws -> Void
  ) async throws {
    var configuration = MockEngine.Configuration()
    configuration.compatibility = compatibility
    try await withMockEngine(configuration) { engine in try await body(engine, "\(engine.port)") }
  }

  /// A worker with a function that an HTTP route calls.
  private func connect(_ engine: MockEngine) async throws -> III {
    let worker = try await engine.registerWorker(options: InitOptions(workerName: "billing\u{1B}[31m"))
    try worker.registerFunction("bill::send", description: "Sends a bill.") { (_: JSONValue) async -> JSONValue in
      ["body": "sent"]
    }
    let trigger = try worker.registerTrigger(HttpTriggerConfig(apiPath: "/bills"), functionID: "bill::send")
    try await engine.waitForTrigger(trigger.id)
    try await engine.waitForWorker(named: "billing\u{1B}[31m")
    return worker
  }

  @Test("functions, workers and triggers are tables, without what belongs to the engine unless it is asked for")
  func listings() async throws {
    try await withEngine { engine, port in
      let none = await run("functions", "bill", "--port", port)
      #expect(none.output == "no functions\n")
      _ = try await connect(engine)
      let functions = await run("functions", "bill", "--port", port)
      #expect(functions.status == .success)
      #expect(
        functions.output == """
          FUNCTION    WORKER             DESCRIPTION
          bill::send  billing\\u{1b}[31m  Sends a bill.

          """)
      #expect(await run("functions", "--port", port).output.contains("\nstate::set  "))
      #expect(await run("functions", "engine::w", "--port", port).output == "no functions\n")
      let all = await run("functions", "engine::w", "--all", "--port", port).output
      #expect(all.contains("engine::workers::list"))
      let workers = await run("workers", "--port", port).output
      #expect(workers.split(separator: "\n").count == 2 && workers.contains("billing\\u{1b}[31m  swift"))
      #expect(await run("workers", "--all", "--port", port).output.contains("iii-engine-functions"))
      let triggers = await run("triggers", "--port", port).output
      #expect(triggers.contains("http  bill::send  {\"api_path\":\"/bills\""))
      let json = try JSONValue(parsing: await run("workers", "--json", "--port", port).output)
      #expect(json["workers"]?.arrayValue?.count == 1)
    }
  }

  @Test("state and streams are shown level by level, with the names of keys and items")
  func stores() async throws {
    try await withEngine { engine, port in
      #expect(await run("state", "--port", port).output == "no scopes\n")
      try await engine.state(scope: "users").set("ada", to: ["age": 36])
      try await engine.stream("chat").set("m1", in: "room-7", to: ["text": "hello"])
      #expect(await run("state", "--port", port).output == "SCOPE\nusers\n")
      #expect(await run("state", "users", "--port", port).output == "KEY  VALUE\nada  {\"age\":36}\n")
      #expect(await run("state", "users", "ada", "--port", port).output == "{\n  \"age\": 36\n}\n")
      let missing = await run("state", "users", "eve", "--port", port)
      #expect(missing.status == .failure)
      #expect(missing.errors == "Error: scope 'users' has no key 'eve', or its value is null\n")
      #expect(await run("streams", "--port", port).output == "STREAM  GROUPS\nchat    room-7\n")
      #expect(await run("streams", "chat", "--port", port).output == "GROUP\nroom-7\n")
      #expect(
        await run("streams", "chat", "room-7", "--port", port).output == "ITEM  VALUE\nm1    {\"text\":\"hello\"}\n")
      #expect(
        await run("streams", "chat", "room-7", "m1", "--json", "--port", port).output.contains("\"text\": \"hello\""))
      #expect(await run("streams", "chat", "room-7", "m2", "--port", port).status == .failure)
    }
  }

  @Test("a strict engine names no keys; what it has is shown all the same")
  func strict() async throws {
    try await withEngine(.v0_13) { engine, port in
      try await engine.state(scope: "users").set("ada", to: 36)
      try await engine.stream("chat").set("m1", in: "room", to: "hello")
      #expect(await run("state", "users", "--port", port).output == "VALUE\n36\n")
      #expect(await run("streams", "chat", "room", "--port", port).output == "VALUE\n\"hello\"\n")
      let status = await run("status", "--port", port)
      #expect(status.output.hasPrefix("engine      version 0.13.0\nworkers at  ws://localhost:\(port)\n"), "\(status)")
    }
  }

  @Test("what the engine was built without is named")
  func missingWorker() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns.remove(.state)
    try await withMockEngine(configuration) { engine in
      let end = await run("state", "--port", "\(engine.port)")
      #expect(end.status == .failure)
      #expect(end.errors == "Error: this engine does not have the built-in worker iii-state\n")
    }
  }

  @Test("status shows the ports, what is connected, and how much there is of it")
  func status() async throws {
    try await withEngine { engine, port in
      _ = try await connect(engine)
      let status = await run("status", "--address", engine.url)
      #expect(status.status == .success)
      for text in [
        "engine       version 0.13.0\n", "workers at   \(engine.url)\n",
        "HTTP at      \(try #require(await engine.url(.http)))\n",
        "streams at   \(try #require(await engine.url(.streams)))\n", "connections  1 worker\n", "functions    1\n",
        "triggers     1\n", "queues       1, with 0 jobs and 0 dead letters\n", "\n\nWORKER",
      ] { #expect(status.output.contains(text), "\(text) in \(status.output)") }
      let json = try JSONValue(parsing: await run("status", "--json", "--port", port).output)
      #expect(json["workers"] == 1 && json["connected"]?.arrayValue?.count == 1)
    }
  }

  @Test("logs are shown oldest first in the engine's format; a level leaves out what is below it")
  func logs() async throws {
    try await withEngine { engine, port in
      #expect(await run("logs", "--port", port).output == "no records\n")
      for (level, text) in [("info", "one"), ("warn", "two"), ("error", "three\u{1B}")] {
        try await engine.call(
          "engine::log::\(level)", ["message": .string(text), "service_name": "shop", "data": ["order": 7]])
      }
      let lines = await run("logs", "--port", port).output.split(separator: "\n").map(String.init)
      #expect(lines.count == 6)
      #expect(lines[0].hasSuffix("[INFO] shop one") && lines[1] == "    └ order: \"7\"")
      #expect(lines[4].hasSuffix("[ERROR] shop three\\u{1b}") || lines[4].hasSuffix("[ERROR] shop three"))
      let few = await run("logs", "--level", "warn", "--limit", "1", "--port", port).output
      #expect(few.contains("three") && !few.contains("two"))
    }
  }

  @Test("traces are a table; one of them is a tree")
  func traces() async throws {
    try await withEngine { engine, port in
      #expect(await run("traces", "--port", port).output == "no traces\n")
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()
      let trace = String(repeating: "ab", count: 16)
      let span = { (id: String, parent: String, name: String) in
        #"{"traceId":"\#(trace)","spanId":"\#(id)","parentSpanId":"\#(parent)","name":"\#(name)","startTimeUnixNano":"1000000","endTimeUnixNano":"3500000"}"#
      }
      let spans = [span("1111111111111111", "", "order"), span("2222222222222222", "1111111111111111", "pay")]
      let json = #"{"resourceSpans":[{"scopeSpans":[{"spans":[\#(spans.joined(separator: ","))]}]}]}"#
      await peer.send(binary: Array("OTLP\(json)".utf8))
      try await peer.fence()
      let list = await run("traces", "--port", port).output
      #expect(list.contains("order  unknown  2.5 ms    unset   \(trace)") && !list.contains("pay"), "\(list)")
      #expect(
        await run("traces", trace, "--port", port).output == """
          SPAN   SERVICE  DURATION  STATUS
          order  unknown  2.5 ms    unset
            pay  unknown  2.5 ms    unset

          """)
      let missing = await run("traces", "77", "--port", port)
      #expect(missing.status == .failure && missing.errors.contains("no spans of trace '77'"))
      await peer.abort()
    }
  }

  @Test("the log is followed from what is there, each record once, until the connection ends")
  func follows() async throws {
    let engine = try await MockEngine.start()
    try await engine.call("engine::log::info", ["message": "before"])
    let program = try Program("logs", "--follow", "--address", engine.url)
    #expect(await program.line(containing: "before") != nil)
    try await engine.call("engine::log::warn", ["message": "after"])
    #expect(await program.line(containing: "after")?.contains("[WARN]") == true)
    await engine.shutdown()
    let end = await program.end()
    #expect(end.status == 1 && end.output == "")
    #expect(end.errors == "Error: the connection to \(engine.url) has ended\n")
  }

  @Test("without triggers of type log there is nothing to follow")
  func cannotFollow() async throws {
    var configuration = MockEngine.Configuration()
    configuration.isObservabilityEnabled = false
    try await withMockEngine(configuration) { engine in
      let end = await run("logs", "--follow", "--address", engine.url)
      #expect(end.status == .failure && end.errors.contains("its iii-observability is off"))
    }
  }

  @Test(
    "a command line that is not understood ends with 2",
    arguments: [
      (["functions", "a", "b"], "unexpected argument 'b'"), (["status", "x"], "unexpected argument 'x'"),
      (["logs", "--level", "loud"], "'loud' is none of trace"), (["traces", "--limit", "-1"], "is not a number"),
      (["state", "--all"], "unknown option '--all'"), (["workrs"], "did you mean 'workers'?"),
    ] as [([String], String)])
  func usage(arguments: [String], text: String) async {
    let end = await run(arguments)
    #expect(end.status == .usage && end.errors.contains(text), "\(end.errors)")
  }

  @Test("each verb has a help", arguments: ShowOptions.Subject.allCases)
  func help(subject: ShowOptions.Subject) async {
    let shown = await run(subject.rawValue, "--help")
    #expect(shown.status == .success && shown.output.contains("--json") && shown.output.contains("--address"))
  }
}

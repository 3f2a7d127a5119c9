internal import III
internal import IIIMockEngine

/// `iii-dev demo`: the engine, a worker, a call, and what to do next.
struct DemoCommand {
  private struct Name: Codable, Sendable { let name: String }
  private struct Greeting: Codable, Sendable { let message: String }

  /// What `iii-dev trigger demo::greet --help` shows.
  private static let schema: JSONValue = [
    "type": "object", "properties": ["name": ["type": "string", "description": "Whom to greet"]], "required": ["name"],
  ]

  private let options: DemoOptions
  private let console: Console

  init(_ options: DemoOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    if options.wantsHelp {
      console.writeOut(Help.demo)
      return .success
    }
    var file = ConfigurationFile(environment: .process)
    file.listeners[0].port = options.port
    let session = try await EngineSession.start(
      file, isStrict: false, isQuiet: options.isQuiet, portAdvice: "choose another port: iii-dev demo --port 0")
    session.announce()
    let worker = try await registerWorker(session.engine.url, options: InitOptions(workerName: "demo"))
    try worker.registerFunction(
      "demo::greet", description: "Greets by name.", requestFormat: .schema(Self.schema)
    ) { (input: Name) async throws -> Greeting in
      Greeting(message: "Hello, \(input.name)!")
    }
    let start = ContinuousClock.now
    let reply: Greeting = try await worker.trigger("demo::greet", payload: Name(name: "world"))
    let time = ContinuousClock.now - start
    session.log.writer.write(
      DemoText(url: session.engine.url, command: CommandLine.arguments.first ?? "iii-dev")
        .text(reply: reply.message, time: time))
    await session.serve { await worker.shutdown() }
    return .success
  }
}

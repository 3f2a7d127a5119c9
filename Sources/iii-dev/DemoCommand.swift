internal import III
internal import IIIMockEngine

/// `iii-dev demo`: runs an engine and a worker, makes a call and prints what to try next.
struct DemoCommand {
  private struct Name: Codable, Sendable { let name: String }
  private struct Greeting: Codable, Sendable { let message: String }

  /// The schema that `iii-dev trigger demo::greet --help` shows.
  private static let schema: JSONValue = [
    "type": "object", "properties": ["name": ["type": "string", "description": "The name to greet"]],
    "required": ["name"],
  ]

  private let options: DemoOptions
  private let console: Console

  init(_ options: DemoOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    if options.wantsHelp {
      console.writeOut(Help.text(of: .demo))
      return .success
    }
    var file = ConfigurationFile(environment: .process)
    file.listeners[0].port = options.port
    file.httpPort = 0
    file.streamPort = 0
    let session = try await EngineSession.start(
      file, isStrict: false, isQuiet: options.isQuiet, portAdvice: "choose another port: iii-dev demo --port 0")
    await session.announce()
    let worker = try await registerWorker(session.engine.url, options: InitOptions(workerName: "demo"))
    try worker.registerFunction(
      "demo::greet", description: "Greets by name.", requestFormat: .schema(Self.schema)
    ) { (input: Name) async in
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

/// The command line of `demo`.
struct DemoOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(name: "--port", value: "PORT", help: "Port to listen at; 0 chooses a free one (default: 49134)"),
    OptionDefinition(name: "--quiet", help: "No log lines"),
    .help,
  ]

  private(set) var port: UInt16 = 49134
  private(set) var isQuiet = false
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    if let operand = parsed.operands.first { throw UsageError(message: "unexpected argument '\(operand)'") }
    if let text = parsed["--port"] { port = try PortArgument.parse(text, allowsAny: true) }
    isQuiet = parsed.has("--quiet")
    wantsHelp = parsed.has("--help")
  }
}

internal import IIIMockEngine
internal import UV

/// `iii-dev exec`: runs a command with an engine of its own.
struct ExecCommand {
  private let options: ExecOptions
  private let console: Console

  init(_ options: ExecOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    if options.wantsHelp {
      console.writeOut(Help.text(of: .exec))
      return .success
    }
    var file =
      if let path = options.configPath {
        try ConfigurationFile.load(path: path, environment: .process)
      } else {
        ConfigurationFile(environment: .process)
      }
    file.listeners[0].host = "127.0.0.1"
    file.listeners[0].port = 0
    if file.httpPort != nil { file.httpPort = 0 }
    if file.streamPort != nil { file.streamPort = 0 }
    DescriptorLimit.raise()
    let log = RecentLog(LogFormatter(format: file.observability.format), level: file.observability.filter.level)
    for warning in file.warnings { log.record(LogLine(.warn, warning)) }
    var configuration = MockEngine.Configuration(file)
    configuration.compatibility = options.isStrict ? .v0_13 : .current
    configuration.clock = options.hasManualClock ? .manual : .system
    configuration.onEvent = { event in log.record(event) }
    let engine: MockEngine
    do {
      engine = try await MockEngine.start(configuration)
    } catch {
      throw Failure(text: "\(error)")
    }
    // The second one tells the clients for tests that this engine is theirs to reset.
    var variables = [(name: "III_URL", value: engine.url), (name: "III_EXEC_URL", value: engine.url)]
    if let url = await engine.httpURL { variables.append(("III_HTTP_URL", url)) }
    if let url = await engine.streamURL { variables.append(("III_STREAM_URL", url)) }
    let end: Result<ChildProcess.End, Failure>
    do { end = .success(try await ChildCommand.run(options.command, variables: variables)) } catch {
      end = .failure(error as? Failure ?? Failure(text: "\(error)"))
    }
    await engine.shutdown()
    let status = ExitStatus(of: try end.get())
    if status != .success { console.writeError(log.text) }
    return status
  }
}

/// The last lines of an engine's log, for a command that fails.
private final class RecentLog: Sendable {
  private let formatter: LogFormatter
  private let level: EngineLogLevel
  private let lines = Lock<(kept: [String], dropped: Int)>(([], 0))

  private static let limit = 10_000

  init(_ formatter: LogFormatter, level: EngineLogLevel) {
    self.formatter = formatter
    self.level = level
  }

  func record(_ line: LogLine) {
    guard line.level >= level, level != .off else { return }
    let text = formatter.text(line, at: .now)
    lines.withLock { lines in
      lines.kept.append(text)
      // Half at once, so that the rest is moved seldom.
      if lines.kept.count > RecentLog.limit {
        lines.kept.removeFirst(RecentLog.limit / 2)
        lines.dropped += RecentLog.limit / 2
      }
    }
  }

  func record(_ event: EngineEvent) { for line in LogLine.lines(for: event) { record(line) } }

  var text: String {
    lines.withLock { lines in
      (lines.dropped > 0 ? "… \(lines.dropped) earlier lines of the engine's log are left out\n" : "")
        + lines.kept.joined()
    }
  }
}

/// The command line of `exec`.
struct ExecOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(
      name: "--config", short: "-c", value: "FILE", help: "The engine's YAML file (default: built-in settings)"),
    OptionDefinition(name: "--manual-clock", help: "The engine's clock moves by mock::clock::advance only"),
    OptionDefinition(name: "--strict", help: "Behave exactly as engine 0.13.0"),
    .help,
  ]

  private(set) var command: [String] = []
  private(set) var configPath: String?
  private(set) var hasManualClock = false
  private(set) var isStrict = false
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    let parsed = try ParsedArguments(Array(arguments[..<end]), options: Self.definitions)
    wantsHelp = parsed.has("--help")
    configPath = parsed["--config"]
    hasManualClock = parsed.has("--manual-clock")
    isStrict = parsed.has("--strict")
    command = Array(arguments[end...].dropFirst())
    if wantsHelp { return }
    guard !(hasManualClock && isStrict) else {
      throw UsageError(
        message: "--manual-clock and --strict exclude each other: a strict engine has no mock::clock::advance")
    }
    if let operand = parsed.operands.first {
      throw UsageError(message: "unexpected argument '\(operand)': the command goes behind `--`, as in -- \(operand)")
    }
    if command.isEmpty { throw UsageError(message: "missing COMMAND: iii-dev exec -- COMMAND …") }
  }
}

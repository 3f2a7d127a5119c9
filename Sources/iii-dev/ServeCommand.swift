internal import IIIMockEngine

/// `iii-dev`: the engine.
struct ServeCommand {
  private let options: ServeOptions
  private let console: Console

  init(_ options: ServeOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    if options.wantsHelp {
      console.writeOut(Help.main)
      return .success
    }
    if options.wantsVersion {
      console.out(packageVersion)
      return .success
    }
    let session = try await EngineSession.start(
      try options.configuration(environment: .process), isStrict: options.isStrict, isQuiet: options.isQuiet,
      hasManualClock: options.hasManualClock,
      journalPath: options.journalPath, portAdvice: "choose another port: iii-dev --port 0")
    await session.announce()
    await session.serve()
    return .success
  }
}

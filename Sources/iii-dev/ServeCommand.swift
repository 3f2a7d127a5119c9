internal import IIIMockEngine

/// `iii-dev`: the engine.
struct ServeCommand {
  private let options: ServeOptions
  private let console: Console

  init(_ options: ServeOptions, console: Console) {
    self.options = options
    self.console = console
  }

  /// Follows changes of the configuration file.
  private func reload(_ session: EngineSession) async throws -> Task<Void, Never>? {
    guard let path = options.configPath else { return nil }
    let options = options
    let watch: ConfigurationWatch
    do {
      watch = try await ConfigurationWatch.start(path: path)
    } catch {
      session.log.record(LogLine(.warn, "reload: changes of \(path) are not followed: \(error)"))
      return nil
    }
    var reloading = Reloading(session.engine, session.log, path: path, current: session.file) {
      try options.configuration(environment: .process)
    }
    return Task { await reloading.run(watch.causes) }
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
    let reloading = try await reload(session)
    await session.serve()
    reloading?.cancel()
    return .success
  }
}

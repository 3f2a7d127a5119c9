internal import IIIMockEngine

/// An engine that serves until the process receives a signal.
struct EngineSession {
  let engine: MockEngine
  let log: EngineLog
  /// What the engine was started with.
  let file: ConfigurationFile
  private let signals: Signals
  /// Writes the journal to a file, if that is asked for.
  private let journal: Task<Bool, Never>?

  /// Starts an engine, which is listening when this returns. `portAdvice` is printed if its port is in use.
  static func start(
    _ file: ConfigurationFile, isStrict: Bool, isQuiet: Bool, hasManualClock: Bool = false, journalPath: String? = nil,
    portAdvice: String
  ) async throws -> EngineSession {
    DescriptorLimit.raise()
    let journalFile = try journalPath.map { path throws(Failure) in try JournalFile(path: path) }
    let log = try EngineLog(file.observability, isQuiet: isQuiet)
    let signals = try await Signals.watch()
    for warning in file.warnings { log.record(LogLine(.warn, warning)) }
    do {
      var settings = configuration(file, isStrict: isStrict, log: log)
      if hasManualClock {
        settings.clock = .manual
        log.record(LogLine(.info, "The clock stands still until mock::clock::advance is called"))
      }
      let engine = try await MockEngine.start(settings)
      let journal = journalFile.map { output in Task { await output.write(engine.journal) } }
      return EngineSession(engine: engine, log: log, file: file, signals: signals, journal: journal)
    } catch {
      await log.writer.finish()
      var advice = portAdvice
      if case MockEngineError.addressInUse(_, let port) = error {
        if port == file.httpPort.map(Int.init) { advice = "choose another port for HTTP: --http-port 0" }
        if port == file.streamPort.map(Int.init) { advice = "choose another port for stream sockets: --stream-port 0" }
      }
      throw failure(error, portAdvice: advice)
    }
  }

  /// Prints that the engine accepts connections. Programs wait for this line.
  func announce() async {
    if let url = await engine.httpURL { log.writer.write("iii-dev serves HTTP at \(url)\n") }
    if let url = await engine.streamURL { log.writer.write("iii-dev serves stream sockets at \(url)\n") }
    for url in engine.addresses { log.writer.write("iii-dev listening on \(url)\n") }
  }

  /// Serves until SIGINT or SIGTERM, then calls `endFirst` and shuts the engine down.
  func serve(endFirst: () async -> Void = {}) async {
    await signals.first()
    await endFirst()
    log.record(LogLine(.info, "Shutting down engine and destroying workers"))
    await engine.shutdown()
    if await journal?.value == false { log.record(LogLine(.error, "the journal could not be written completely")) }
    log.record(LogLine(.info, "Engine shutdown complete"))
    await log.writer.finish()
  }

  private static func configuration(
    _ file: ConfigurationFile, isStrict: Bool, log: EngineLog
  ) -> MockEngine.Configuration {
    var configuration = MockEngine.Configuration(file)
    configuration.compatibility = isStrict ? .v0_13 : .current
    configuration.onEvent = { event in log.record(event) }
    return configuration
  }

  private static func failure(_ error: any Error, portAdvice: String) -> Failure {
    switch error {
    case MockEngineError.addressInUse(let host, let port):
      let holder = PortHolder.find(port: port)
      let by = holder.map { " by \($0.name) (process \($0.pid))" } ?? ""
      let hint = holder == nil ? PortHolder.hint(port: port) + "; " : "end that process, or "
      return Failure(text: "address \(host):\(port) is already in use\(by)\nHint: \(hint)\(portAdvice)")
    case MockEngineError.cannotListen(let host, let port, let reason):
      return Failure(text: "cannot listen at \(host):\(port): \(reason)")
    default: return Failure(text: "\(error)")
    }
  }
}

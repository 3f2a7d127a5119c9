internal import IIIMockEngine

/// Applies new versions of the configuration file to a running engine. A file that cannot be used changes nothing.
struct Reloading {
  private let engine: MockEngine
  private let log: EngineLog
  private let path: String
  /// Reads the file and applies the options of the command line.
  private let load: @Sendable () throws -> ConfigurationFile
  private var current: ConfigurationFile

  init(
    _ engine: MockEngine, _ log: EngineLog, path: String, current: ConfigurationFile,
    load: @escaping @Sendable () throws -> ConfigurationFile
  ) {
    self.engine = engine
    self.log = log
    self.path = path
    self.current = current
    self.load = load
  }

  /// Serves until its task is cancelled.
  mutating func run(_ causes: AsyncStream<ConfigurationWatch.Cause>) async {
    log.record(LogLine(.info, "reload: watching \(path) for changes"))
    for await cause in causes { await reload(cause) }
  }

  private mutating func reload(_ cause: ConfigurationWatch.Cause) async {
    let file: ConfigurationFile
    do {
      file = try load()
    } catch {
      // While an editor replaces the file it may be missing for a moment: the next change is told too.
      return keepOld("\(error)")
    }
    let change = ConfigurationChange(from: current, to: file)
    guard !change.isEmpty else {
      if cause == .signal { log.record(LogLine(.info, "reload: \(path) has not changed")) }
      return
    }
    guard !file.isEmpty || current.isEmpty else {
      return keepOld("\(path) has no entries, as if it were being saved")
    }
    log.record(LogLine(.info, "reload: config changed, reloading from \(path)"))
    for warning in file.warnings where !current.warnings.contains(warning) { log.record(LogLine(.warn, warning)) }
    await apply(file, change)
  }

  private func keepOld(_ reason: String) {
    log.record(LogLine(.error, "reload: \(reason.replacing("\n", with: "; "))"))
    log.record(LogLine(.warn, "reload: the old configuration stays in force"))
  }

  private mutating func apply(_ file: ConfigurationFile, _ change: ConfigurationChange) async {
    log.record(LogLine(.info, "reload: diff \(change.summary)"))
    do {
      let outcome = try await engine.reload(file, change)
      for failure in outcome.failures {
        log.record(
          LogLine(.error, "reload: '\(failure.entry)' keeps its old settings: \(failure.reason)"))
      }
      for name in outcome.deferred {
        log.record(
          LogLine(
            .warn, "reload: the change of '\(name)' takes effect, at least in part, when iii-dev is started again"))
      }
      for name in outcome.stopped {
        log.record(LogLine(.info, "reload: '\(name)' has ended; what it kept in memory is gone"))
      }
      for name in outcome.started { log.record(LogLine(.info, "reload: '\(name)' has started")) }
      for name in outcome.applied { log.record(LogLine(.info, "reload: '\(name)' has its new settings")) }
      log.apply(file.observability)
      // What failed is tried again with the next version.
      current = file.keeping(outcome.failures.map(\.entry), of: current)
      if outcome.failures.isEmpty { log.record(LogLine(.info, "reload: success")) }
    } catch {
      log.record(LogLine(.error, "reload: \(error)"))
    }
  }
}

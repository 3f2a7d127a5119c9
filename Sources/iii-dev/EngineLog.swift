internal import IIIMockEngine

internal import UV

/// The log of the running engine: filters lines by level and writes them.
final class EngineLog: Sendable {
  let writer: LogWriter
  private let isQuiet: Bool
  private let threshold: Lock<EngineLogLevel>

  /// - Parameter isQuiet: Whether only errors are logged.
  init(_ settings: ObservabilitySettings, isQuiet: Bool) throws {
    self.isQuiet = isQuiet
    threshold = Lock(EngineLog.level(settings, isQuiet: isQuiet))
    writer = try LogWriter(EngineLog.formatter(settings))
  }

  /// Takes the level and the format of a changed configuration.
  func apply(_ settings: ObservabilitySettings) {
    let level = EngineLog.level(settings, isQuiet: isQuiet)
    threshold.withLock { $0 = level }
    writer.use(EngineLog.formatter(settings))
  }

  private static func level(_ settings: ObservabilitySettings, isQuiet: Bool) -> EngineLogLevel {
    isQuiet ? max(.error, settings.filter.level) : settings.filter.level
  }

  private static func formatter(_ settings: ObservabilitySettings) -> LogFormatter {
    LogFormatter(format: settings.format, isColoured: settings.format == .text && Terminal.wantsColour(1))
  }

  private var level: EngineLogLevel { threshold.withLock { $0 } }

  func record(_ line: LogLine) {
    if line.level >= level { writer.write(line) }
  }

  /// Called on the engine's thread.
  func record(_ event: EngineEvent) {
    if level == .off { return }
    for line in LogLine.lines(for: event) { record(line) }
  }
}

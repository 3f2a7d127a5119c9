internal import IIIMockEngine

/// The log of the running engine: filters lines by level and writes them.
struct EngineLog: Sendable {
  let writer: LogWriter
  private let level: EngineLogLevel

  /// - Parameter isQuiet: Whether only errors are logged.
  init(_ settings: ObservabilitySettings, isQuiet: Bool) throws {
    level = isQuiet ? max(.error, settings.filter.level) : settings.filter.level
    writer = try LogWriter(
      LogFormatter(format: settings.format, isColoured: settings.format == .text && Terminal.wantsColour(1)))
  }

  func record(_ line: LogLine) {
    if line.level >= level { writer.write(line) }
  }

  /// Called on the engine's thread.
  func record(_ event: EngineEvent) {
    if level == .off { return }
    for line in LogLine.lines(for: event) { record(line) }
  }
}

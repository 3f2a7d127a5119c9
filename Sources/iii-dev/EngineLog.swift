internal import IIIMockEngine

/// What the engine's user gets to read while it runs.
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

internal import UV

/// Takes the spans and records of one worker, on any thread, and passes them on: to the engine and to the user's closures.
///
/// A worker that does not report has none.
final class Telemetry: Sendable {
  let settings: TelemetrySettings
  let newID: @Sendable () -> UUID128
  private let clock: TimeSource
  private let closures: Lock<Closures>
  private let export: Export?
  /// Whether spans go anywhere.
  let recordsSpans: Bool

  /// The user's; none once the worker has ended.
  private struct Closures: Sendable {
    var onLog: (@Sendable (LogRecord) -> Void)?
    var onSpan: (@Sendable (FinishedSpan) -> Void)?
  }

  private struct Export: Sendable {
    let buffer: TelemetryBuffer
    let exporter: LoopBound<TelemetryExporter>
    let loop: Loop
  }

  /// `nil` if nothing is to be reported.
  init?(
    _ options: InitOptions, _ settings: TelemetrySettings, on host: LoopHost, _ access: () throws -> ChannelAccess,
    newID: @escaping @Sendable () -> UUID128
  ) rethrows {
    guard settings.exports || options.onLog != nil || options.onSpan != nil else { return nil }
    self.settings = settings
    self.newID = newID
    clock = host.source
    closures = Lock(Closures(onLog: options.onLog, onSpan: options.onSpan))
    recordsSpans = settings.exports || options.onSpan != nil
    guard settings.exports else {
      export = nil
      return
    }
    let buffer = TelemetryBuffer(settings)
    export = Export(
      buffer: buffer, exporter: LoopBound(TelemetryExporter(settings, try access(), buffer), on: host.loop),
      loop: host.loop)
  }

  /// Nanoseconds since 1970.
  var now: UInt64 { clock.wallClock }

  func report(_ span: FinishedSpan) {
    let onSpan = closures.withLock { $0.onSpan }
    onSpan?(span)
    if let export, export.buffer.add(OTLPEncoding.bytes(of: span), .spans) { post { $0.recordsWait() } }
  }

  /// Returns whether the record goes anywhere.
  func report(_ record: LogRecord) -> Bool {
    let onLog = closures.withLock { $0.onLog }
    onLog?(record)
    guard let export, settings.exportsLogs else { return onLog != nil }
    if export.buffer.add(OTLPEncoding.bytes(of: record), .logs) { post { $0.recordsWait() } }
    return true
  }

  // MARK: The life of the worker

  /// Begins to connect; called on the loop.
  func start() { export?.exporter.value.start() }

  /// The engine has named the worker; called on the loop. From now on its gauges are reported.
  func identified(workerID: String) { export?.exporter.value.identified(workerID) }

  /// Sends what was collected and ends; called on the loop. `done` is called when the engine has it, or when the time is over.
  func finish(_ done: @escaping @Sendable () -> Void) {
    if let export { export.exporter.value.finish(done) } else { done() }
  }

  /// The user's closures are not called any more, and what they hold is released.
  func releaseClosures() {
    let released = closures.withLock { closures in
      defer { closures = Closures() }
      return closures
    }
    // Objects of the user that this releases must not run their `deinit` under the lock.
    withExtendedLifetime(released) {}
  }

  /// Calls `done` when the engine has what was collected before, or when the time is over.
  func flush(_ done: @escaping @Sendable () -> Void) {
    guard export != nil, post({ $0.flush { _ in done() } }) else { return done() }
  }

  @discardableResult private func post(_ body: @escaping @Sendable (TelemetryExporter) -> Void) -> Bool {
    guard let export else { return false }
    return export.loop.post { body(export.exporter.value) }
  }
}

extension III {
  /// Sends what this worker has collected of spans, logs and gauges, and returns when the engine has received it.
  ///
  /// It waits for at most ``OtelConfig/shutdownTimeout``, and not at all if the engine cannot be reached at the moment. Without
  /// ``InitOptions/otel`` it has no effect.
  public func flushTelemetry() async {
    guard let telemetry else { return }
    await withCheckedContinuation { continuation in telemetry.flush { continuation.resume() } }
  }
}

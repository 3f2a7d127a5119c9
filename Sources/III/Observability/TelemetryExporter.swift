internal import UV

/// Sends the records of a worker to its engine, over a connection of its own. Confined to the loop.
///
/// What was received is acknowledged by the answer to a ping that follows the records.
final class TelemetryExporter: HostMember {
  private enum State {
    case idle
    case connecting(ChannelSocket)
    case connected(ChannelSocket)
    /// Waits for the time of the next attempt.
    case waiting(TimerToken)
    case ended
  }

  private let settings: TelemetrySettings
  private let access: ChannelAccess
  private let buffer: TelemetryBuffer
  private let gauges: WorkerGauges
  private var state = State.idle
  private var attempts = 0
  /// Set while records are collected that need not be sent at once.
  private var flushTimer: TimerToken?
  private var gaugeTimer: TimerToken?
  private let waiters = Waiters<Bool>()
  /// The number of the last flush, and of the last one whose ping was written.
  private var flushes: UInt64 = 0
  private var pinged: UInt64 = 0
  private var hasWarned = false
  private var hasWarnedOfDrops = false

  init(_ settings: TelemetrySettings, _ access: ChannelAccess, _ buffer: TelemetryBuffer) {
    self.settings = settings
    self.access = access
    self.buffer = buffer
    gauges = WorkerGauges(settings, access.host.source)
  }

  // MARK: Events of the worker

  func start() {
    guard case .idle = state else { return }
    access.host.add(self)
    connect()
  }

  func identified(_ workerID: String) {
    let isFirst = gauges.workerID == nil
    gauges.workerID = workerID
    if isFirst, settings.exportsMetrics { scheduleGauges() }
  }

  /// Records wait to be sent.
  func recordsWait() {
    let waiting = buffer.waiting
    warnOfDrops()
    if waiting.logs >= settings.logsBatchSize || waiting.others >= TelemetryBuffer.batchSize { return send() }
    guard flushTimer == nil, waiting.others > 0 || waiting.logs > 0 else { return }
    let interval = waiting.others > 0 ? settings.spansFlushInterval : settings.logsFlushInterval
    flushTimer = timers.schedule(after: interval) { [self] in send() }
  }

  /// Calls `done` when the engine has all records from before, or with `false` if it has not, within the time limit.
  func flush(_ done: @escaping @Sendable (Bool) -> Void) {
    sampleGauges()
    switch state {
    case .idle, .waiting, .ended: done(false)
    case .connecting, .connected:
      flushes += 1
      waiters.add(settings.shutdownTimeout, timers, late: { false }, done)
      send()
    }
  }

  /// Flushes and ends.
  func finish(_ done: @escaping @Sendable () -> Void) {
    let me = LoopBound(self, on: access.host.loop)
    flush { _ in
      me.value.end()
      done()
    }
  }

  func abandon() { end() }

  // MARK: Sending

  private var timers: LoopTimers { access.host.timers }

  private func send() {
    if let flushTimer { timers.cancel(flushTimer) }
    flushTimer = nil
    if case .connected(let socket) = state { socket.flushLater() }
  }

  /// Writes the next message: records, then the ping of a flush. Returns `false` if there is nothing to write.
  private func fill(_ socket: ChannelSocket) -> Bool {
    if let (kind, records) = buffer.next() {
      let message = OTLPEncoding.message(kind, records, resource: settings.resource)
      message.withView { socket.write(.binary, $0) }
      return true
    }
    guard flushes > pinged else { return false }
    pinged = flushes
    Array("flush \(flushes)".utf8).withView { socket.write(.ping, $0) }
    return true
  }

  private func received(_ frame: FrameEvent) {
    switch frame {
    case .pong(let payload) where payload.string == "flush \(flushes)": waiters.resume(timers, with: true)
    case .close(let reason):
      if case .connected(let socket) = state {
        socket.write(close: reason.code ?? 1000, "")
        socket.close(afterFlush: true)
      }
      failed("the engine closed the connection")
    case .violation(let violation):
      if case .connected(let socket) = state { socket.close() }
      failed("the engine broke the protocol: \(violation)")
    default: break
    }
  }

  // MARK: The connection

  private func connect() {
    let socket = ChannelSocket(access, access.telemetryURL)
    state = .connecting(socket)
    socket.open(
      ChannelSocket.Events(
        opened: { [self] in opened(socket) },
        failed: { [self] reason in failed(reason.connectionProblem) },
        frame: { [self] in received($0) },
        ended: { [self] in failed($0) },
        fill: { [self] in fill(socket) }))
  }

  private func opened(_ socket: ChannelSocket) {
    attempts = 0
    state = .connected(socket)
    pinged = 0
    socket.flushLater()
  }

  private func failed(_ reason: String) {
    if case .ended = state { return }
    waiters.resume(timers, with: false)
    if !hasWarned {
      hasWarned = true
      access.log(
        .warn,
        "telemetry cannot be sent to \(access.telemetryURL.origin)/otel: \(reason). At most \(TelemetryBuffer.maxRecords) records of a "
          + "kind wait, and it is tried again; this is not reported again")
    }
    let delay = settings.reconnection.delay(attempt: attempts, random: access.random())
    attempts += 1
    state = .waiting(timers.schedule(after: delay) { [self] in connect() })
  }

  private func warnOfDrops() {
    guard !hasWarnedOfDrops, buffer.dropped > 0 else { return }
    hasWarnedOfDrops = true
    access.log(.warn, "telemetry is dropped: more than \(TelemetryBuffer.maxRecords) records or 16 MiB wait to be sent")
  }

  private func end() {
    if case .ended = state { return }
    let last = state
    state = .ended
    switch last {
    case .connecting(let socket): socket.close()
    case .connected(let socket):
      socket.write(close: 1000, "")
      socket.close(afterFlush: true)
    case .waiting(let redial): timers.cancel(redial)
    case .idle, .ended: break
    }
    for timer in [flushTimer, gaugeTimer].compactMap({ $0 }) { timers.cancel(timer) }
    flushTimer = nil
    gaugeTimer = nil
    waiters.resume(timers, with: false)
    buffer.close()
    if buffer.dropped > 0 { access.log(.warn, "telemetry: \(buffer.dropped) records were dropped in all") }
    access.host.remove(self)
  }

  // MARK: Gauges

  private func scheduleGauges() {
    gaugeTimer = timers.schedule(after: settings.metricsExportInterval) { [self] in
      sampleGauges()
      send()
      scheduleGauges()
    }
  }

  private func sampleGauges() {
    guard settings.exportsMetrics else { return }
    for gauge in gauges.sample() { _ = buffer.add(gauge, .metrics) }
  }
}

extension IIIChannelError.Reason {
  /// Why a connection could not be opened.
  fileprivate var connectionProblem: String {
    if case .noConnection(let reason) = self { reason } else { "the engine has no path /otel" }
  }
}

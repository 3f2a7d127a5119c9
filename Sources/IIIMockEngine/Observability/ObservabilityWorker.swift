internal import III
internal import UV

/// `iii-observability`: keeps what workers report of logs, spans and metrics, and fires triggers of type `log`.
final class ObservabilityWorker: BuiltInWorker {
  let manifest: BuiltInManifest
  private(set) var observability: Observability

  private let functions = ObservabilityFunction.allCases
  private var host: BuiltInHost?
  private var triggers = BuiltInTriggers()
  /// The levels that triggers name, by the order of their registration; those that name none hear all.
  private var levels: [UInt64: String] = [:]

  init(_ settings: ObservabilitySettings) {
    observability = Observability(settings)
    manifest = BuiltInManifest(
      name: ObservabilitySettings.workerName, functions: ObservabilityFunction.manifestFunctions,
      triggerTypes: settings.isEnabled
        ? [
          BuiltInTriggerType(
            id: "log", description: "Log event trigger", requestSchema: ObservabilityWorker.triggerSchema,
            callSchema: EngineLogRecord.schema)
        ] : [],
      readsBinaryMessages: true, paths: [.exactly("/otel")])
  }

  private static let triggerSchema = BuiltInSchema.object(
    "LogTriggerConfig",
    ["level": ["type": ["string", "null"], "enum": ["all", "trace", "debug", "info", "warn", "error", nil]]],
    required: [])

  func start(_ host: BuiltInHost) { self.host = host }

  func reset() { observability = Observability(observability.settings) }

  /// Takes over what was kept, by this worker's settings.
  func takeOver(_ old: any BuiltInWorker) {
    guard let old = old as? ObservabilityWorker else { return }
    let settings = observability.settings
    observability = old.observability
    observability.apply(settings)
  }

  /// Being switched on or off changes the trigger types: then the worker is replaced.
  func reload(_ settings: any BuiltInSettings) throws(MockEngineError) -> Bool {
    guard let new = settings as? ObservabilitySettings else { return false }
    observability.apply(new)
    return true
  }

  // MARK: Functions

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard let host else { return .nothing }
    let input = try call.input(of: function)
    try input.check(function.fields)
    let timestamp: JSONValue = .number(host.wallClock.milliseconds)
    let entries = Baggage(call.baggage?.text ?? "").entries
    switch functions[function.number] {
    case .logTrace, .logDebug, .logInfo, .logWarn, .logError:
      keep(try record(input, functions[function.number]), bytes: call.data.count)
      return .nothing
    case .listLogs: return .json(listLogs(try LogQuery(input), timestamp, host))
    case .clearLogs:
      return .json(
        observability.clearLogs() ? ["success": true] : ["message": "No log storage initialized", "success": true])
    case .listSpans, .spanTree, .groupSpans, .clearSpans:
      guard let spans = observability.spans?.all else { return .failure(.noSpans) }
      return .json(
        try answer(functions[function.number], input, spans, sortsAsLater: kernel.compatibility.sortsSpansAsLater))
    case .listMetrics: return .json(listMetrics(try MetricQuery(input), timestamp, host, kernel))
    case .listRollups:
      return .json([
        "histogram_rollups": [], "level": .number(input.unsigned("level") ?? 0),
        "query": input.echo(["end_time", "metric_name", "start_time"]), "rollups": [], "timestamp": timestamp,
      ])
    case .listSamplingRules:
      return .json([
        "logs": ["sampling_ratio": .double(observability.settings.logsSamplingRatio)], "timestamp": timestamp,
        "traces": [
          "default_ratio": .double(observability.settings.samplingRatio), "parent_based": true, "rules": [],
        ],
      ])
    case .checkHealth: return .json(health(timestamp))
    case .listAlerts:
      return .json([
        "alerts": [], "firing_count": 0, "message": "Alert manager not initialized", "timestamp": timestamp,
      ])
    case .evaluateAlerts:
      return .json(["evaluated": false, "message": "Alert manager not initialized", "timestamp": timestamp])
    case .baggageEntry: return .json(["value": entries[try input.requiredString("key")] ?? .null])
    case .setBaggage:
      return .json([
        "note": "Baggage set in new context. For propagation, use SDK-level baggage headers.", "success": true,
      ])
    case .allBaggage: return .json(["baggage": .object(entries)])
    }
  }

  // MARK: Logs

  private func record(
    _ input: BuiltInInput, _ function: ObservabilityFunction
  ) throws(BuiltInInput.Mismatch) -> EngineLogRecord {
    let (name, number): (String, Int32) =
      switch function {
      case .logTrace: ("TRACE", 1)
      case .logDebug: ("DEBUG", 5)
      case .logWarn: ("WARN", 13)
      case .logError: ("ERROR", 17)
      default: ("INFO", 9)
      }
    let attributes = if case .object(let data)? = input.member("data") { data } else { JSONObject() }
    let time = host?.wallClock ?? 0
    return EngineLogRecord(
      body: try input.requiredString("message"), severityText: name, severityNumber: number, attributes: attributes,
      serviceName: try input.string("service_name") ?? "unknown", resource: [:],
      traceID: try input.string("trace_id"), spanID: try input.string("span_id"), timestamp: time,
      observedTimestamp: time, scopeName: "iii", scopeVersion: InProcessWorker.version)
  }

  /// Stores a record and calls the functions of the triggers that it matches.
  private func keep(_ record: EngineLogRecord, bytes: Int) {
    guard let host else { return }
    var record = record
    if !host.compatibility.keepsEscapesInLogs { record.body = TerminalEscapes.removed(from: record.body) }
    guard observability.log(record, bytes: bytes, now: host.now) else { return }
    if observability.settings.logsConsoleOutput { host.note(.logged(record)) }
    guard !triggers.isEmpty else { return }
    let level = record.severityText.lowercased()
    let matching = triggers.inOrder.filter { trigger in
      levels[trigger.sequence].map { $0 == "all" || $0.utf8.elementsEqual(level.utf8) } ?? true
    }
    guard !matching.isEmpty else { return }
    let data = record.json(showingAll: true).jsonBytes
    for trigger in matching { host.fire(trigger, data) }
  }

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    if let old { levels[old.sequence] = nil }
    triggers.insert(trigger, replacing: old)
    let config = trigger.config.withView { try? PayloadCoder.decode(JSONValue.self, from: $0) }
    if case .string(let level)? = config?["level"] { levels[trigger.sequence] = level }
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) {
    triggers.remove(trigger)
    levels[trigger.sequence] = nil
  }

  private func listLogs(_ query: LogQuery, _ timestamp: JSONValue, _ host: BuiltInHost) -> JSONValue {
    guard let (records, total) = observability.logs(query, now: host.now) else {
      return ["logs": [], "timestamp": timestamp, "total": 0]
    }
    return [
      "logs": .array(records.map { $0.json(showingAll: false) }), "query": query.echo, "timestamp": timestamp,
      "total": .int(Int64(total)),
    ]
  }

  // MARK: Spans

  private func answer(
    _ function: ObservabilityFunction, _ input: BuiltInInput, _ spans: [SpanRecord], sortsAsLater: Bool
  ) throws(BuiltInInput.Mismatch) -> JSONValue {
    switch function {
    case .spanTree:
      let id = ByteKey(try input.requiredString("trace_id"))
      return ["roots": SpanTree.json(of: spans.filter { $0.traceID == id })]
    case .groupSpans: return ["groups": try SpanGroups(input).json(of: spans)]
    case .clearSpans:
      observability.clearSpans()
      return ["success": true]
    default:
      let query = try SpanQuery(input, sortsAsLater: sortsAsLater)
      let found = query.matches(among: spans)
      return [
        "limit": .int(Int64(query.limit)), "offset": .int(Int64(query.offset)),
        "spans": .array(found.dropFirst(query.offset).prefix(query.limit).map { .object($0.json) }),
        "total": .int(Int64(found.count)),
      ]
    }
  }

  // MARK: Metrics and health

  private func listMetrics(
    _ query: MetricQuery, _ timestamp: JSONValue, _ host: BuiltInHost, _ kernel: borrowing KernelView
  ) -> JSONValue {
    var calls = JSONObject()
    for entry in kernel.functions.all where entry.name.calls > 0 { calls[entry.name.text] = .int(entry.name.calls) }
    let metrics = observability.metrics(query, wallClock: host.wallClock)
    var list: JSONObject = [
      "engine_metrics": kernel.counters.json(activeWorkers: kernel.workers.count, byFunction: calls),
      "sdk_metrics": .array(metrics.map(\.json)), "timestamp": timestamp,
    ]
    if let interval = query.interval {
      list["aggregated_metrics"] = .some(MetricIntervals(of: metrics, seconds: interval).json)
      list["query"] = .some(query.echo)
    }
    return .object(list)
  }

  private func health(_ timestamp: JSONValue) -> JSONValue {
    let settings = observability.settings
    func component(_ details: JSONValue?) -> JSONValue {
      details.map { ["details": $0, "status": "healthy"] } ?? ["details": nil, "status": "disabled"]
    }
    return [
      "components": [
        "logs": component(observability.logs.map { ["stored_logs": .int(Int64($0.count))] }),
        "metrics": component(
          settings.metricsEnabled ? ["stored_metrics": .int(Int64(observability.metrics.count))] : nil),
        "otel": component(
          settings.isEnabled
            ? [
              "enabled": true, "exporter": .string(settings.exporter.rawValue),
              "service_name": .string(settings.serviceName),
            ] : nil),
        "spans": component(observability.spans.map { ["stored_spans": .int(Int64($0.count))] }),
      ],
      "status": "healthy", "timestamp": timestamp, "version": .string(InProcessWorker.version),
    ]
  }

  // MARK: Telemetry

  /// A binary message of a worker, read as a frame if it is no telemetry.
  func received(binary message: ByteView, from sender: PeerID, _ kernel: borrowing KernelView) -> Bool {
    guard let kind = TelemetryKind(message) else { return false }
    let label = kernel.workers[sender]?.label ?? WorkerLabel(id: "nobody", name: "a worker that left")
    receive(kind, message.dropFirst(4), from: label, on: host?.connection(of: sender))
    return true
  }

  /// A binary message on `/otel`.
  func receivedOnTelemetryConnection(_ message: ByteView, _ connection: Peer? = nil) {
    let label = WorkerLabel(id: "/otel", name: "a telemetry connection")
    if let kind = TelemetryKind(message) {
      receive(kind, message.dropFirst(4), from: label, on: connection)
    } else {
      let problem = "not telemetry: it begins with none of OTLP, MTRC, LOGS"
      host?.note(.frameIgnored(Diagnostic(worker: label, kind: "frame", problem: problem)))
    }
  }

  /// Larger messages are read on a thread of their own: others do not wait for that.
  private static let maxBytesOnLoop = 4 << 10
  /// How many records of a message are kept before others have their turn.
  private static let recordsPerTurn = 500

  /// Keeps what a message holds, or reports what is wrong with it.
  private func receive(
    _ kind: TelemetryKind, _ payload: ByteView, from sender: WorkerLabel, on connection: Peer?
  ) {
    guard observability.settings.isEnabled, observability.keeps(kind), let host else { return }
    let wallClock = host.wallClock
    if payload.count > Self.maxBytesOnLoop, let connection {
      let size = payload.count
      readAside(kind, payload.array, wallClock, on: connection) { [self] outcome in
        switch outcome {
        case .success(let telemetry):
          keep(telemetry, from: 0, bytes: Observability.size(size, telemetry.count), resuming: connection)
        case .failure(let problem):
          report(problem, kind, sender)
          connection.resume(.role)
        }
      }
      return
    }
    do throws(OTLPProblem) {
      let telemetry = try Observability.read(kind, payload, wallClock: wallClock)
      keep(telemetry, 0..<telemetry.count, bytes: Observability.size(payload.count, telemetry.count))
    } catch {
      report(error, kind, sender)
    }
  }

  /// Reads a message on another thread. Until `done` resumes the connection, its next messages wait: their order is kept,
  /// and no connection has more than one such message in hand.
  private func readAside(
    _ kind: TelemetryKind, _ payload: [UInt8], _ wallClock: UInt64, on connection: Peer,
    _ done: @escaping (Result<Observability.Telemetry, OTLPProblem>) -> Void
  ) {
    connection.pause(.role)
    let loop = connection.stream.loop
    let answer = LoopBound(done, on: loop)
    let read: @Sendable () -> Result<Observability.Telemetry, OTLPProblem> = {
      payload.withView { view in
        do throws(OTLPProblem) {
          return .success(try Observability.read(kind, view, wallClock: wallClock))
        } catch {
          return .failure(error)
        }
      }
    }
    // A loop that has stopped meanwhile refuses the post: then nobody needs the records.
    let code = startDetachedThread(named: "iii-telemetry") {
      let outcome = read()
      loop.post { answer.value(outcome) }
    }
    if code != 0 { done(read()) }
  }

  /// Keeps the records from number `first` on, some in each turn, then lets the connection go on.
  private func keep(_ telemetry: Observability.Telemetry, from first: Int, bytes: Int, resuming connection: Peer) {
    let end = min(first + Self.recordsPerTurn, telemetry.count)
    keep(telemetry, first..<end, bytes: bytes)
    guard end < telemetry.count else { return connection.resume(.role) }
    let next = LoopBound(
      { [self] in keep(telemetry, from: end, bytes: bytes, resuming: connection) }, on: connection.stream.loop)
    connection.stream.loop.post { next.value() }
  }

  private func keep(_ telemetry: Observability.Telemetry, _ range: Range<Int>, bytes: Int) {
    switch telemetry {
    case .logs(let records): for record in records[range] { keep(record, bytes: bytes) }
    case .spans(let spans): for span in spans[range] { observability.keep(span, bytes: bytes) }
    case .metrics(let metrics): for metric in metrics[range] { observability.keep(metric, bytes: bytes) }
    }
  }

  private func report(_ problem: OTLPProblem, _ kind: TelemetryKind, _ sender: WorkerLabel) {
    host?.note(.frameIgnored(Diagnostic(worker: sender, kind: kind.rawValue, problem: problem.text)))
  }

  func admit(_ request: HTTPRequestHead, on connection: Peer) {
    let verdict = Upgrade.check(request, isKnownPath: true)
    connection.send(verdict.response)
    guard case .accepted = verdict else { return }
    connection.authenticate(request) { [unowned self] _ in connection.become(TelemetryConnection(self)) }
  }
}

/// The role of a connection on `/otel`: only telemetry is read, and only pings are answered.
final class TelemetryConnection: ConnectionRole {
  private let worker: ObservabilityWorker

  let name = "a telemetry connection"
  var owner: (any BuiltInWorker)? { worker }

  init(_ worker: ObservabilityWorker) { self.worker = worker }

  func received(_ bytes: UnsafeMutableRawBufferPointer, on connection: Peer) {
    connection.reader.append(bytes)
    while let message = connection.reader.nextMessage({ connection.pong($0) }) {
      switch message {
      case .text, .control, .pong: break
      case .binary(let bytes): worker.receivedOnTelemetryConnection(bytes, connection)
      case .end(.closed(let reason)): return connection.answer(reason, echoing: "")
      case .end(.broken(let violation)): return connection.refuse(violation)
      }
      if connection.reader.hasMore && connection.isTurnOver { return }
    }
  }

  func engineStops(_ connection: Peer) {
    connection.end(with: FrameEncoder.close(nil, maskKey: nil), because: "the engine shut down")
  }
}

extension InvocationFailure {
  fileprivate static let noSpans = InvocationFailure(
    code: "memory_exporter_not_enabled",
    message: "In-memory span storage is not available. Set exporter: memory or both in config.")
}

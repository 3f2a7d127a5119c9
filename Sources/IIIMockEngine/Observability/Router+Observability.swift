internal import III

extension Router {
  /// Executes a function of `iii-observability`; its input was so many bytes long.
  mutating func execute(
    _ function: ObservabilityFunction, _ input: BuiltInInput, bytes: Int, baggage: WireString?,
    _ output: some RouterOutput
  ) throws(BuiltInInput.Mismatch) -> Result<JSONValue, InvocationFailure> {
    try input.check(function.fields)
    let timestamp: JSONValue = .number(output.wallClock.milliseconds)
    switch function {
    case .logTrace, .logDebug, .logInfo, .logWarn, .logError:
      try log(input, function, bytes: bytes, output)
      return .success(.null)
    case .listLogs: return .success(listLogs(try LogQuery(input), timestamp, output))
    case .clearLogs:
      return .success(
        observability.clearLogs()
          ? ["success": true] : ["message": "No log storage initialized", "success": true])
    case .listSpans, .spanTree, .groupSpans, .clearSpans:
      guard let spans = observability.spans?.all else { return .failure(.noSpans) }
      return .success(try answer(function, input, spans))
    case .listMetrics: return .success(listMetrics(try MetricQuery(input), timestamp, output))
    case .listRollups:
      return .success([
        "histogram_rollups": [], "level": .number(input.unsigned("level") ?? 0),
        "query": input.echo(["end_time", "metric_name", "start_time"]), "rollups": [], "timestamp": timestamp,
      ])
    case .listSamplingRules:
      return .success([
        "logs": ["sampling_ratio": .double(observability.settings.logsSamplingRatio)], "timestamp": timestamp,
        "traces": [
          "default_ratio": .double(observability.settings.samplingRatio), "parent_based": true, "rules": [],
        ],
      ])
    case .checkHealth: return .success(health(timestamp))
    case .listAlerts:
      return .success([
        "alerts": [], "firing_count": 0, "message": "Alert manager not initialized", "timestamp": timestamp,
      ])
    case .evaluateAlerts:
      return .success(["evaluated": false, "message": "Alert manager not initialized", "timestamp": timestamp])
    case .baggageEntry:
      let entries = Baggage(baggage?.text ?? "").entries
      return .success(["value": entries[try input.requiredString("key")] ?? .null])
    case .setBaggage:
      return .success([
        "note": "Baggage set in new context. For propagation, use SDK-level baggage headers.", "success": true,
      ])
    case .allBaggage: return .success(["baggage": .object(Baggage(baggage?.text ?? "").entries)])
    }
  }

  // MARK: Logs

  private mutating func log(
    _ input: BuiltInInput, _ function: ObservabilityFunction, bytes: Int, _ output: some RouterOutput
  ) throws(BuiltInInput.Mismatch) {
    let (name, number): (String, Int32) =
      switch function {
      case .logTrace: ("TRACE", 1)
      case .logDebug: ("DEBUG", 5)
      case .logWarn: ("WARN", 13)
      case .logError: ("ERROR", 17)
      default: ("INFO", 9)
      }
    let attributes = if case .object(let data)? = input.member("data") { data } else { JSONObject() }
    let time = output.wallClock
    let record = EngineLogRecord(
      body: try input.requiredString("message"), severityText: name, severityNumber: number, attributes: attributes,
      serviceName: try input.string("service_name") ?? "unknown", resource: [:],
      traceID: try input.string("trace_id"), spanID: try input.string("span_id"), timestamp: time,
      observedTimestamp: time, scopeName: "iii", scopeVersion: InProcessWorker.version)
    keep(record, bytes: bytes, output)
  }

  /// Stores a record and tells whoever is to hear of it.
  private mutating func keep(_ record: EngineLogRecord, bytes: Int, _ output: some RouterOutput) {
    guard observability.log(record, bytes: bytes, now: output.now) else { return }
    if observability.settings.logsConsoleOutput { output.note(.logged(record)) }
    let triggers = self.triggers.triggers(of: .log)
    guard !triggers.isEmpty else { return }
    let level = ByteKey(record.severityText.lowercased())
    let wanted = triggers.filter { logLevel(of: $0).map { $0 == "all" || $0 == level } ?? true }
    if !wanted.isEmpty { fire(wanted, record.json(showingAll: true), output) }
  }

  /// The level that a trigger names; `nil` if it names none.
  private func logLevel(of trigger: TriggerEntry) -> ByteKey? {
    if case .string(let level)? = parsed(trigger.config)?["level"] { ByteKey(level) } else { nil }
  }

  private mutating func listLogs(
    _ query: LogQuery, _ timestamp: JSONValue, _ output: some RouterOutput
  ) -> JSONValue {
    guard let (records, total) = observability.logs(query, now: output.now) else {
      return ["logs": [], "timestamp": timestamp, "total": 0]
    }
    return [
      "logs": .array(records.map { $0.json(showingAll: false) }), "query": query.echo, "timestamp": timestamp,
      "total": .int(Int64(total)),
    ]
  }

  // MARK: Spans

  private mutating func answer(
    _ function: ObservabilityFunction, _ input: BuiltInInput, _ spans: [SpanRecord]
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
      let query = try SpanQuery(input)
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
    _ query: MetricQuery, _ timestamp: JSONValue, _ output: some RouterOutput
  ) -> JSONValue {
    var calls = JSONObject()
    for entry in functions.all where entry.name.calls > 0 { calls[entry.name.text] = .int(entry.name.calls) }
    let metrics = observability.metrics(query, wallClock: output.wallClock)
    var list: JSONObject = [
      "engine_metrics": observability.counters.json(activeWorkers: workers.count, byFunction: calls),
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

  /// A binary message of a worker, or of a connection on `/otel`, which is nobody's. `false` if it is no telemetry.
  mutating func receiveTelemetry(_ message: ByteView, from peer: PeerID, _ output: some RouterOutput) -> Bool {
    guard let kind = TelemetryKind(message) else { return false }
    guard observability.settings.isEnabled else { return true }
    let payload = message.dropFirst(4)
    do throws(OTLPProblem) {
      let records = try observability.receive(kind, payload, wallClock: output.wallClock)
      let bytes = Observability.size(payload, records.count)
      for record in records { keep(record, bytes: bytes, output) }
    } catch {
      ignoreTelemetry(kind.rawValue, error.text, from: peer, output)
    }
    return true
  }

  func ignoreTelemetry(_ kind: String, _ problem: String, from peer: PeerID, _ output: some RouterOutput) {
    let sender = workers[peer]?.label ?? WorkerLabel(id: "/otel", name: "a telemetry connection")
    output.note(.frameIgnored(Diagnostic(worker: sender, kind: kind, problem: problem)))
  }
}

extension InvocationFailure {
  fileprivate static let noSpans = InvocationFailure(
    code: "memory_exporter_not_enabled",
    message: "In-memory span storage is not available. Set exporter: memory or both in config.")
}

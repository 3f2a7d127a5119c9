internal import III
internal import IIIMockEngine

extension LogLine {
  /// The log lines for an event of the engine, with the real engine's texts where it has them, because people search logs for them.
  static func lines(for event: EngineEvent) -> [LogLine] {
    switch event {
    case .listening(let url):
      [LogLine(.info, "Engine listening on address: \(url.hasPrefix("ws://") ? String(url.dropFirst(5)) : url)")]
    case .workerConnected(let worker): [LogLine(.debug, "Worker \(worker.id) connected")]
    case .workerNamed(let worker):
      [LogLine(.info, "Worker '\(worker.name ?? "")' connected", ["worker_id": worker.id])]
    case .workerDisconnected(let worker, let reason):
      [
        LogLine(
          .info, "Worker \(worker.name.map { "'\($0)'" } ?? worker.id) disconnected: \(reason)",
          ["worker_id": worker.id])
      ]
    case .functionRegistered(let id, let worker, let replaced):
      (replaced ? [LogLine(.warn, "Function \(id) is already registered. Overwriting.")] : [])
        + [LogLine(.info, "[REGISTERED] Function \(id)", ["worker": worker.description])]
    case .functionUnregistered(let id, let worker):
      [LogLine(.info, "[UNREGISTERED] Function \(id)", ["worker": worker.description])]
    case .triggerTypeRegistered(let id, let worker):
      [LogLine(.info, "[REGISTERED] Trigger Type \(id)", ["worker": worker.description])]
    case .triggerTypeUnregistered(let id, let worker):
      [LogLine(.info, "[UNREGISTERED] Trigger Type \(id)", ["worker": worker.description])]
    case .triggerRegistered(let id, let type, let functionID, let worker):
      [
        LogLine(
          .info, "[REGISTERED] Trigger \(type) → \(functionID)", ["trigger": id, "worker": worker.description])
      ]
    case .triggerUnregistered(let id, let type):
      [LogLine(.info, "[UNREGISTERED] Trigger \(id) (\(type))")]
    case .triggerParked(let id, let type, let worker, let similar):
      [
        LogLine(
          .warn,
          "Trigger \(id) of \(worker) waits: no worker provides the trigger type \(type)"
            + (similar.map { "; did you mean \($0)?" } ?? ""))
      ]
    case .triggerRejected(let id, let type, let code, let message, let worker):
      [
        LogLine(
          .error, "Trigger \(id) (\(type)) of \(worker) was not registered: \(cut(message))", ["code": code])
      ]
    case .invocationFailed(let functionID, let code, let message, let caller):
      [
        LogLine(
          .warn, "Invocation of \(functionID) failed: \(cut(message))", ["code": code, "caller": caller.description])
      ]
    case .jobFailed(let queue, let id, let functionID, let attempts, let code, let message):
      [
        LogLine(
          .warn, "Job \(id) of queue \(queue) is a dead letter after \(attempts) deliveries: \(cut(message))",
          ["function": functionID, "code": code])
      ]
    case .accessDenied(let denial): [LogLine(.warn, "Access denied: \(denial)", ["worker_id": denial.worker.id])]
    case .frameIgnored(let diagnostic): [ignored(diagnostic)]
    case .largeMessage(let worker, let bytes, let hint):
      [
        LogLine(
          .warn, "A message of \(bytes) bytes goes to \(worker), whose SDK may refuse it", ["hint": hint])
      ]
    case .slowWorker(let worker, let unsentBytes):
      [LogLine(.warn, "\(worker) does not read: \(unsentBytes) bytes wait for it")]
    case .logged(let record): [logged(record)]
    case .warning(let text): [LogLine(.warn, text)]
    }
  }

  /// A record that a worker logged, under the worker's name if it has one, without the attributes that SDKs add to every record.
  private static func logged(_ record: EngineLogRecord) -> LogLine {
    var line = LogLine(EngineLogLevel(severity: record.severityNumber), record.body)
    var data = record.attributes
    let name = if case .string(let name)? = data["service.name"] { name } else { "" }
    if !record.serviceName.isEmpty && record.serviceName != "unknown" { line.target = cut(record.serviceName) }
    if !name.isEmpty && name != record.serviceName { line.target += " [\(cut(name))]" }
    for key in ["service.name", "trace_id", "span_id"] { data[key] = nil }
    if !data.isEmpty { line.add("data", (data.count == 1 ? data["log.data"]?.description : nil) ?? data.description) }
    if let id = record.traceID { line.add("trace_id", id) }
    if let id = record.spanID { line.add("span_id", id) }
    return line
  }

  private static func ignored(_ diagnostic: Diagnostic) -> LogLine {
    let frame = diagnostic.kind == "frame" ? "A frame" : "A frame `\(diagnostic.kind)`"
    let message = "\(frame) of \(diagnostic.worker) was ignored: \(diagnostic.problem)"
    guard let hint = diagnostic.hint else { return LogLine(.warn, message) }
    return LogLine(.warn, message, ["hint": hint])
  }
}

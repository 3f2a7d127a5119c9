internal import III

/// Takes a message's text part by part.
protocol TextSink {
  mutating func append(_ text: StaticString)
  mutating func append(_ bytes: ByteView)
  mutating func append(_ bytes: [UInt8])
  mutating func append(id: UUID128)
  mutating func append(quoting text: String)
}

/// Adds up how long a text is.
struct TextCounter: TextSink {
  private(set) var count = 0

  mutating func append(_ text: StaticString) { count += text.utf8CodeUnitCount }
  mutating func append(_ bytes: ByteView) { count += bytes.count }
  mutating func append(_ bytes: [UInt8]) { count += bytes.count }
  mutating func append(id: UUID128) { count += UUID128.textCount }
  mutating func append(quoting text: String) { count += JSONText.quotedCount(text) }
}

extension ByteWriter: TextSink {
  mutating func append(id: UUID128) { id.write(into: &self) }
  mutating func append(quoting text: String) { JSONText.write(text, into: &self) }
}

extension OutgoingFrame {
  /// The message's length in bytes.
  var byteCount: Int {
    var counter = TextCounter()
    compose(into: &counter)
    return counter.count
  }

  /// The message: one pass counts it, another writes it, so that both say the same.
  func compose<Sink: TextSink>(into sink: inout Sink) {
    switch self {
    case .workerRegistered(let id, let token):
      sink.append("{\"type\":\"workerregistered\",\"worker_id\":\"")
      sink.append(id: id)
      if let token {
        sink.append("\",\"reattach_token\":\"")
        sink.append(id: token)
      }
      sink.append("\"}")
    case .pong: sink.append("{\"type\":\"pong\"}")
    case .invocation(let parts): compose(parts, into: &sink)
    case .registerTrigger(let trigger):
      sink.append("{\"type\":\"registertrigger\"")
      compose(trigger, into: &sink)
      sink.append(",\"config\":")
      sink.append(trigger.config)
      if let metadata = trigger.metadata {
        sink.append(",\"metadata\":")
        sink.append(metadata)
      }
      sink.append("}")
    case .unregisterTrigger(let id, let type):
      sink.append("{\"type\":\"unregistertrigger\",\"id\":")
      sink.append(quoting: id)
      sink.append(",\"trigger_type\":")
      sink.append(quoting: type)
      sink.append("}")
    case .triggerRegistrationResult(let trigger, let outcome):
      sink.append("{\"type\":\"triggerregistrationresult\"")
      compose(trigger, into: &sink)
      compose(outcome, into: &sink)
      sink.append("}")
    case .result(let id, let name, let outcome, let trace):
      sink.append("{\"type\":\"invocationresult\",\"invocation_id\":\"")
      sink.append(id: id)
      sink.append("\",\"function_id\":")
      sink.append(name.quoted)
      compose(outcome, into: &sink)
      compose(trace, into: &sink)
      sink.append("}")
    }
  }

  /// What names a trigger.
  private func compose<Sink: TextSink>(_ trigger: TriggerEntry, into sink: inout Sink) {
    sink.append(",\"id\":")
    sink.append(quoting: trigger.id)
    sink.append(",\"trigger_type\":")
    sink.append(quoting: trigger.type)
    sink.append(",\"function_id\":")
    sink.append(quoting: trigger.functionID)
  }

  private func compose<Sink: TextSink>(_ parts: InvocationParts, into sink: inout Sink) {
    sink.append("{\"type\":\"invokefunction\",\"invocation_id\":\"")
    sink.append(id: parts.id)
    sink.append("\",\"function_id\":")
    sink.append(parts.functionID)
    sink.append(",\"data\":")
    if let caller = parts.caller {
      sink.append("{\"_caller_worker_id\":\"")
      sink.append(id: caller)
      let rest = parts.data.dropFirst(1)
      sink.append(rest.isEndOfObject ? "\"" : "\",")
      sink.append(rest)
    } else {
      sink.append(parts.data)
    }
    compose(parts.trace, into: &sink)
    if let metadata = parts.metadata {
      sink.append(",\"metadata\":")
      sink.append(metadata)
    }
    sink.append("}")
  }

  private func compose<Sink: TextSink>(_ outcome: Outcome, into sink: inout Sink) {
    switch outcome {
    case .value(let value):
      sink.append(",\"result\":")
      sink.append(value)
    case .json(let value):
      sink.append(",\"result\":")
      sink.append(value)
    case .nothing: break
    case .error(let error):
      sink.append(",\"error\":{\"code\":")
      sink.append(error.code.raw)
      sink.append(",\"message\":")
      sink.append(error.message.raw)
      if let stacktrace = error.stacktrace {
        sink.append(",\"stacktrace\":")
        sink.append(stacktrace.raw)
      }
      sink.append("}")
    case .failure(let failure):
      sink.append(",\"error\":{\"code\":")
      sink.append(quoting: failure.code)
      sink.append(",\"message\":")
      sink.append(quoting: failure.message)
      sink.append("}")
    }
  }

  private func compose<Sink: TextSink>(_ trace: TraceHeaders?, into sink: inout Sink) {
    guard let trace else { return }
    if let traceparent = trace.traceparent {
      sink.append(",\"traceparent\":")
      sink.append(traceparent)
    }
    if let baggage = trace.baggage {
      sink.append(",\"baggage\":")
      sink.append(baggage)
    }
  }
}

extension ByteView {
  /// Whether an object whose `{` has been dropped has no members.
  fileprivate var isEndOfObject: Bool {
    var index = 0
    while index < count {
      switch self[index] {
      case 0x20, 0x09, 0x0A, 0x0D: index += 1
      default: return self[index] == 0x7D
      }
    }
    return true
  }
}

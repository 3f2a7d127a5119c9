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

/// What has a message's text: one pass counts it, another writes it, so that both say the same.
protocol OutgoingText {
  func compose<Sink: TextSink>(into sink: inout Sink)
}

extension OutgoingText {
  /// The message's length in bytes.
  var byteCount: Int {
    var counter = TextCounter()
    compose(into: &counter)
    return counter.count
  }
}

extension OutgoingFrame: OutgoingText {
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
    case .invocation(let invocation): invocation.compose(into: &sink)
    case .result(let result): result.compose(into: &sink)
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
      outcome.compose(into: &sink)
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
}

extension OutgoingInvocation: OutgoingText {
  func compose<Sink: TextSink>(into sink: inout Sink) {
    sink.append("{\"type\":\"invokefunction\",\"invocation_id\":\"")
    sink.append(id: id)
    sink.append("\",\"function_id\":")
    sink.append(functionID)
    sink.append(",\"data\":")
    if let caller {
      sink.append("{\"_caller_worker_id\":\"")
      sink.append(id: caller)
      let rest = data.dropFirst(1)
      sink.append(rest.isEndOfObject ? "\"" : "\",")
      sink.append(rest)
    } else {
      sink.append(data)
    }
    trace?.compose(into: &sink)
    if let metadata {
      sink.append(",\"metadata\":")
      sink.append(metadata)
    }
    sink.append("}")
  }
}

extension OutgoingResult: OutgoingText {
  func compose<Sink: TextSink>(into sink: inout Sink) {
    sink.append("{\"type\":\"invocationresult\",\"invocation_id\":\"")
    sink.append(id: id)
    sink.append("\",\"function_id\":")
    sink.append(name.quoted)
    outcome.compose(into: &sink)
    trace?.compose(into: &sink)
    sink.append("}")
  }
}

extension OutgoingFrame.Outcome: OutgoingText {
  func compose<Sink: TextSink>(into sink: inout Sink) {
    switch self {
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
}

extension TraceHeaders: OutgoingText {
  func compose<Sink: TextSink>(into sink: inout Sink) {
    if let traceparent {
      sink.append(",\"traceparent\":")
      sink.append(traceparent)
    }
    if let baggage {
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

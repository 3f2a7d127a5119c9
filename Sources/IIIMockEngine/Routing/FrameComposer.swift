internal import III

/// Text that is made of parts: `compose` is used to count the bytes first and then to write them.
protocol ComposedText {
  func compose<Sink: FrameSink>(into sink: inout Sink)
}

extension ComposedText {
  /// The text's length in bytes.
  var byteCount: Int {
    var counter = ByteCounter()
    compose(into: &counter)
    return counter.count
  }

  var bytes: [UInt8] { ByteWriter.bytes(byteCount) { compose(into: &$0) } }
}

/// A message's text.
protocol OutgoingText: ComposedText {
  /// Enters the message, which was sent, in the journal.
  func record(_ size: Int, to connection: UInt32, in journal: JournalRecorder)
}

extension OutgoingFrame: OutgoingText {
  func record(_ size: Int, to connection: UInt32, in journal: JournalRecorder) {
    switch self {
    case .invocation(let invocation): journal.sent(invocation, size: size, to: connection)
    case .result(let result): journal.sent(result, size: size, to: connection)
    default: journal.sent(self, size: size, to: connection)
    }
  }

  func compose<Sink: FrameSink>(into sink: inout Sink) {
    switch self {
    case .workerRegistered(let id, let token):
      sink.append("{\"type\":\"workerregistered\",\"worker_id\":\"")
      sink.append(id)
      if let token {
        sink.append("\",\"reattach_token\":\"")
        sink.append(token)
      }
      sink.append("\"}")
    case .pong: sink.append("{\"type\":\"pong\"}")
    case .invocation(let invocation): invocation.compose(into: &sink)
    case .result(let result): result.compose(into: &sink)
    case .registerTrigger(let trigger):
      sink.append("{\"type\":\"registertrigger\"")
      compose(trigger, into: &sink)
      sink.append(member: ",\"config\":", trigger.config)
      sink.append(member: ",\"metadata\":", trigger.metadata)
      sink.append("}")
    case .unregisterTrigger(let id, let type):
      sink.append("{\"type\":\"unregistertrigger\",\"id\":")
      sink.append(quoting: id.text)
      sink.append(member: ",\"trigger_type\":", quoting: type.text)
      sink.append("}")
    case .triggerRegistrationResult(let trigger, let outcome):
      sink.append("{\"type\":\"triggerregistrationresult\"")
      compose(trigger, into: &sink)
      outcome.compose(into: &sink)
      sink.append("}")
    }
  }

  /// The members that identify a trigger.
  private func compose<Sink: FrameSink>(_ trigger: TriggerEntry, into sink: inout Sink) {
    sink.append(member: ",\"id\":", quoting: trigger.id.text)
    sink.append(member: ",\"trigger_type\":", quoting: trigger.type.text)
    sink.append(member: ",\"function_id\":", quoting: trigger.functionID.text)
  }
}

extension OutgoingInvocation: OutgoingText {
  func record(_ size: Int, to connection: UInt32, in journal: JournalRecorder) {
    journal.sent(self, size: size, to: connection)
  }

  func compose<Sink: FrameSink>(into sink: inout Sink) {
    sink.append("{\"type\":\"invokefunction\",\"invocation_id\":\"")
    sink.append(id)
    sink.append("\",\"function_id\":")
    sink.append(functionID)
    sink.append(",\"data\":")
    if let caller {
      sink.append("{\"_caller_worker_id\":\"")
      sink.append(caller)
      let rest = data.dropFirst(1)
      sink.append(rest.isEndOfObject ? "\"" : "\",")
      sink.append(rest)
    } else {
      sink.append(data)
    }
    trace?.compose(into: &sink)
    sink.append(member: ",\"metadata\":", metadata)
    sink.append(member: ",\"delivery\":", delivery)
    sink.append("}")
  }
}

extension OutgoingResult: OutgoingText {
  func record(_ size: Int, to connection: UInt32, in journal: JournalRecorder) {
    journal.sent(self, size: size, to: connection)
  }

  func compose<Sink: FrameSink>(into sink: inout Sink) {
    sink.append("{\"type\":\"invocationresult\",\"invocation_id\":\"")
    sink.append(id)
    sink.append("\",\"function_id\":")
    sink.append(name.quoted)
    outcome.compose(into: &sink)
    trace?.compose(into: &sink)
    sink.append("}")
  }
}

extension PassedValue {
  func compose<Sink: FrameSink>(into sink: inout Sink) { sink.append(member: ",\"result\":", json) }
}

extension OutgoingFrame.Outcome: OutgoingText, ResultOutcome {
  var value: ByteView? { if case .value(let json) = self { json } else { nil } }

  func compose<Sink: FrameSink>(into sink: inout Sink) {
    switch self {
    case .value(let value):
      sink.append(member: ",\"result\":", value)
    case .json(let value):
      sink.append(member: ",\"result\":", value)
    case .nothing: break
    case .error(let error):
      sink.append(",\"error\":{\"code\":")
      sink.append(error.code.raw)
      sink.append(",\"message\":")
      sink.append(error.message.raw)
      sink.append(member: ",\"stacktrace\":", error.stacktrace?.raw)
      sink.append("}")
    case .failure(let failure):
      sink.append(",\"error\":{\"code\":")
      sink.append(quoting: failure.code)
      sink.append(member: ",\"message\":", quoting: failure.message)
      sink.append(member: ",\"stacktrace\":", quoting: failure.stacktrace)
      sink.append("}")
    }
  }
}

extension TraceHeaders: OutgoingText {
  func compose<Sink: FrameSink>(into sink: inout Sink) {
    sink.append(member: ",\"traceparent\":", traceparent)
    sink.append(member: ",\"baggage\":", baggage)
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

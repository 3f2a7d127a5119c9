internal import UV

/// A span that is recorded. It is reported once, when it ends.
final class RecordedSpan: Span {
  /// `nil` once it has ended.
  private let state: Lock<FinishedSpan?>
  let position: TraceParent
  private let telemetry: Telemetry

  private static let maxAttributes = 128
  private static let maxEvents = 128

  /// - Parameter parent: The span in which it begins; `nil` begins a trace.
  init(_ name: String, _ kind: SpanKind, in parent: TraceParent?, baggage: JSONObject, _ telemetry: Telemetry) {
    let ids = (trace: parent?.traceID ?? telemetry.newID(), span: telemetry.newID())
    position = TraceParent(traceID: ids.trace, spanID: ids.span.low)
    self.telemetry = telemetry
    let now = telemetry.now
    state = Lock(
      FinishedSpan(
        name: name, kind: kind, traceID: position.traceIDText, spanID: position.spanIDText,
        parentSpanID: parent?.spanIDText, startTime: now, endTime: now, attributes: SecretFilter.redact(baggage),
        events: [], status: .unset))
  }

  var isRecording: Bool { state.withLock { $0 != nil } }

  func setAttribute(_ key: String, _ value: JSONValue) {
    let value = SecretFilter.redact(value, of: key)
    state.withLock { span in
      guard let attributes = span?.attributes else { return }
      if attributes[key] != nil || attributes.count < Self.maxAttributes {
        span?.attributes.set(key, to: value)
      } else {
        span?.droppedAttributes += 1
      }
    }
  }

  func addEvent(_ name: String, attributes: [String: JSONValue]) {
    var members = JSONObject()
    for (key, value) in attributes.sorted(by: { $0.key < $1.key }) {
      members.set(key, to: SecretFilter.redact(value, of: key))
    }
    add(FinishedSpan.Event(name: name, time: telemetry.now, attributes: members))
  }

  func add(_ event: FinishedSpan.Event) {
    state.withLock { span in
      guard let count = span?.events.count else { return }
      if count < Self.maxEvents { span?.events.append(event) } else { span?.droppedEvents += 1 }
    }
  }

  func setError(_ message: String) { state.withLock { $0?.status = .error(message) } }

  /// Ends the span and reports it; a second call has no effect.
  func end() {
    let now = telemetry.now
    let ended = state.withLock { span -> FinishedSpan? in
      defer { span = nil }
      return span
    }
    guard var span = ended else { return }
    span.endTime = max(now, span.startTime)
    if span.status == .unset { span.status = .ok }
    telemetry.report(span)
  }
}

/// What ``Observability/withSpan(_:kind:traceparent:_:)`` gives to its body if nothing is recorded.
struct UnrecordedSpan: Span {
  var isRecording: Bool { false }
  func setAttribute(_ key: String, _ value: JSONValue) {}
  func addEvent(_ name: String, attributes: [String: JSONValue]) {}
  func setError(_ message: String) {}
}

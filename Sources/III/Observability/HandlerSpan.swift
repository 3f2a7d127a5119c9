/// The span of one invocation of a handler, `execute <function id>`, and the scope in which the handler runs.
struct HandlerSpan: Sendable {
  let scope: TraceScope
  private let span: RecordedSpan?

  /// - Parameter payload: The handler's payload, JSON.
  init(_ functionID: String, _ invocation: InboundInvocation, _ payload: [UInt8], _ telemetry: Telemetry) {
    var scope = TraceScope(
      traceparent: invocation.traceparent, baggage: invocation.baggage, telemetry: telemetry)
    let parent = invocation.traceparent.flatMap { TraceParent($0) }
    guard telemetry.recordsSpans, parent?.isSampled ?? true else {
      self.scope = scope
      span = nil
      return
    }
    let span = RecordedSpan(
      "execute \(functionID)", .internal, in: parent, baggage: BaggageEntries(invocation.baggage).values, telemetry)
    scope.span = span
    scope.traceparent = span.position.text
    self.scope = scope
    self.span = span
    if telemetry.settings.tracesPayloads {
      let text = SecretFilter.text(ofJSON: payload, limit: telemetry.settings.payloadLimit)
      span.add(Self.event("iii.invocation.input", text, telemetry))
    }
  }

  /// The trace context of the answer.
  var traceparent: String? { scope.traceparent }

  func end(_ outcome: HandlerOutcome) {
    guard let span, let telemetry = scope.telemetry else { return }
    switch outcome {
    case .result(let json):
      if telemetry.settings.tracesPayloads {
        let text = SecretFilter.text(ofJSON: json, limit: telemetry.settings.payloadLimit)
        span.add(Self.event("iii.invocation.output", text, isOK: true, telemetry))
      }
    case .failure(let code, let message, let stacktrace):
      if telemetry.settings.tracesPayloads {
        let text = SecretFilter.text(of: ["error": .string(message)], limit: telemetry.settings.payloadLimit)
        span.add(Self.event("iii.invocation.output", text, isOK: false, telemetry))
      }
      span.add(.exception(type: code, message: message, stacktrace: stacktrace, at: telemetry.now))
      span.setError(message)
    }
    span.end()
  }

  private static func event(
    _ name: String, _ text: (json: String, truncated: Bool), isOK: Bool? = nil, _ telemetry: Telemetry
  ) -> FinishedSpan.Event {
    var attributes: JSONObject = [
      "iii.payload.json": .string(text.json), "iii.payload.truncated": .bool(text.truncated),
    ]
    attributes["iii.payload.ok"] = isOK.map { .bool($0) }
    return FinishedSpan.Event(name: name, time: telemetry.now, attributes: attributes)
  }
}

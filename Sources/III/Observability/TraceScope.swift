/// The span and the baggage of the running code, which its calls carry on.
struct TraceScope: Sendable {
  /// Set in handlers of workers that report, and inside ``Observability/withSpan(_:kind:traceparent:_:)`` and
  /// ``Observability/withBaggage(_:_:)``.
  @TaskLocal static var current: TraceScope?

  /// What calls carry.
  var traceparent: String?
  var baggage: String?
  /// The span that is recorded; `nil` if none is.
  var span: RecordedSpan?
  /// The worker that reports; `nil` if none does.
  var telemetry: Telemetry?

  /// The scope of the running code: the one that was set, else that of the invocation. `nil` outside both.
  static var effective: TraceScope? {
    if let current { return current }
    return InvocationContext.current.map { TraceScope(traceparent: $0.traceparent, baggage: $0.baggage) }
  }

  /// What a call that is made now carries.
  static var carried: (traceparent: String?, baggage: String?) {
    if let current { return (current.traceparent, current.baggage) }
    guard let context = InvocationContext.current else { return (nil, nil) }
    return (context.traceparent, context.baggage)
  }

  /// The position in the trace; `nil` outside of traces.
  static var position: TraceParent? {
    guard let scope = effective else { return nil }
    return scope.span?.position ?? scope.traceparent.flatMap { TraceParent($0) }
  }

  /// The worker that reports what the running code records: the handler's own, else the oldest one of the process that reports.
  static var reporting: Telemetry? { current?.telemetry ?? III.active.lazy.compactMap(\.telemetry).first }
}

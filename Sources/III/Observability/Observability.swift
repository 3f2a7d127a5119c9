/// The trace of the running code: its ids, its baggage, and its spans.
///
/// Trace context and baggage (W3C) pass with every call from worker to worker, in all languages, also if nothing is reported. Spans are
/// recorded if a worker of this process reports: ``InitOptions/otel`` or ``InitOptions/onSpan``. Each invocation of a handler is a span
/// then, `execute <function id>`.
///
/// ```swift
/// try iii.registerFunction("orders::price") { (order: Order) async throws -> Int in
///   try await Observability.withSpan("look up the price") { span in
///     span.setAttribute("item", .string(order.item))
///     return try await iii.trigger("catalog::price", payload: order.item)   // part of this span
///   }
/// }
/// ```
public enum Observability {
  /// The trace of the running code, 32 hexadecimal digits; `nil` outside of traces.
  public static var currentTraceID: String? { TraceScope.position?.traceIDText }

  /// The span of the running code, 16 hexadecimal digits: its own, or the caller's if none is recorded; `nil` outside of traces.
  public static var currentSpanID: String? { TraceScope.position?.spanIDText }

  /// The W3C trace context that a call carries which is made now, for requests by other means than ``III``.
  public static var currentTraceparent: String? { TraceScope.carried.traceparent }

  /// The entries of the baggage that a call carries which is made now.
  public static var currentBaggage: [String: String] { BaggageEntries(TraceScope.carried.baggage).dictionary }

  /// Whether the code runs in a span that is recorded.
  public static var currentSpanIsRecording: Bool { TraceScope.current?.span?.isRecording ?? false }

  /// Sets an attribute of the current span, as ``Span/setAttribute(_:_:)``.
  public static func setCurrentSpanAttribute(_ key: String, _ value: JSONValue) {
    TraceScope.current?.span?.setAttribute(key, value)
  }

  /// Marks the current span as failed.
  public static func setCurrentSpanError(_ message: String) { TraceScope.current?.span?.setError(message) }

  /// Adds something that happens now to the current span.
  public static func recordSpanEvent(_ name: String, attributes: [String: JSONValue] = [:]) {
    TraceScope.current?.span?.addEvent(name, attributes: attributes)
  }

  /// Runs `body` in a span of its own, which ends with it; if `body` throws, the span has failed.
  ///
  /// - Parameters:
  ///   - name: What the span is about.
  ///   - kind: The role.
  ///   - traceparent: The W3C trace context of the request that is handled, if it came by other means than ``III``; by default the current
  ///     one. One that is not valid is ignored: a new trace begins.
  ///   - isolation: The actor that `body` runs on: the caller's.
  ///   - body: Its calls carry the span.
  public static func withSpan<Result>(
    _ name: String, kind: SpanKind = .internal, traceparent: String? = nil,
    isolation: isolated (any Actor)? = #isolation, _ body: (any Span) async throws -> Result
  ) async rethrows -> Result {
    var scope = TraceScope.effective ?? TraceScope()
    if let traceparent { scope.traceparent = TraceParent(traceparent) == nil ? nil : traceparent }
    let parent = scope.traceparent.flatMap { TraceParent($0) }
    guard let telemetry = TraceScope.reporting, telemetry.recordsSpans, parent?.isSampled ?? true else {
      return try await TraceScope.$current.withValue(scope) { try await body(UnrecordedSpan()) }
    }
    let span = RecordedSpan(name, kind, in: parent, baggage: BaggageEntries(scope.baggage).values, telemetry)
    scope.span = span
    scope.telemetry = telemetry
    scope.traceparent = span.position.text
    defer { span.end() }
    do {
      return try await TraceScope.$current.withValue(scope) { try await body(span) }
    } catch {
      span.add(error, at: telemetry.now)
      throw error
    }
  }

  /// Runs `body` with further baggage: its calls carry these entries, beside those that there are already.
  ///
  /// - Parameters:
  ///   - entries: Names are tokens, as those of HTTP headers; others are left out. At most 64 entries are carried, of 8 KiB. Do not put
  ///     secrets into baggage: every worker of the trace sees it.
  ///   - isolation: The actor that `body` runs on: the caller's.
  ///   - body: Makes the calls.
  public static func withBaggage<Result>(
    _ entries: [String: String], isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async rethrows -> Result {
    var scope = TraceScope.effective ?? TraceScope()
    var baggage = BaggageEntries(scope.baggage)
    for (name, value) in entries.sorted(by: { $0.key < $1.key }) { baggage.set(name, to: value) }
    scope.baggage = baggage.header
    return try await TraceScope.$current.withValue(scope) { try await body() }
  }

  /// Sends what the workers of this process have collected, and returns when their engines have received it.
  ///
  /// It waits for at most ``OtelConfig/shutdownTimeout``, and not at all for an engine that cannot be reached at the moment.
  /// ``III/shutdown()`` does the same for its worker.
  public static func flush() async {
    for worker in III.active { await worker.flushTelemetry() }
  }

  /// What stands in the place of secrets.
  public static let redactedPlaceholder = "[REDACTED]"

  /// Replaces the values of members whose names say that they are secrets: names that contain `api_key`, `apikey`, `api-key`, `password`,
  /// `secret`, `credential`, `authorization`, `auth_token`, `access_token`, `refresh_token`, `bearer`, `private_key` or `client_secret`,
  /// are `token`, or end with `_token` or `-token`; in any case, at any depth. Texts are not searched.
  public static func redact(_ value: JSONValue) -> JSONValue { SecretFilter.redact(value) }

  /// JSON text without secrets.
  ///
  /// - Parameters:
  ///   - value: The value.
  ///   - maxBytes: A longer text is cut and ends with `..."[TRUNCATED]"`; by default `III_TRACE_PAYLOAD_MAX_BYTES`, else it is not cut.
  /// - Returns: The text, and whether it was cut.
  public static func redactAndTruncate(_ value: JSONValue, maxBytes: Int? = nil) -> (json: String, truncated: Bool) {
    SecretFilter.text(
      of: value, limit: maxBytes ?? SecretFilter.limit(Environment.variable("III_TRACE_PAYLOAD_MAX_BYTES")))
  }
}

extension RecordedSpan {
  /// Records that the span's body has thrown an error.
  fileprivate func add(_ error: any Error, at time: UInt64) {
    let message = PayloadCoder.text(of: error)
    setError(message)
    add(.exception(type: "\(type(of: error))", message: message, stacktrace: nil, at: time))
  }
}

extension FinishedSpan.Event {
  /// An error, in the form that OpenTelemetry has for it.
  static func exception(type: String, message: String, stacktrace: String?, at time: UInt64) -> Self {
    var attributes: JSONObject = ["exception.type": .string(type), "exception.message": .string(message)]
    attributes["exception.stacktrace"] = stacktrace.map { .string($0) }
    return Self(name: "exception", time: time, attributes: attributes)
  }
}

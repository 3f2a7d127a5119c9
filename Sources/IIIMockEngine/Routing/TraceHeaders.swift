internal import III

/// The trace headers that an answer carries: JSON strings as they were sent, or made by the engine.
final class TraceHeaders {
  let traceparent: [UInt8]?
  let baggage: [UInt8]?

  init(traceparent: [UInt8]?, baggage: [UInt8]?) {
    self.traceparent = traceparent
    self.baggage = baggage
  }
}

/// Decides which trace headers a callee and an answer get.
struct TracePolicy {
  let compatibility: Compatibility
  var isTracingEnabled: Bool
  /// Ids, where the engine has a seed.
  var random: SeededRandom?

  /// The headers for the callee and for the answer; `nil` if there are none.
  func headers(of frame: InvocationFrame) -> (callee: TraceHeaders?, reply: TraceHeaders?) {
    guard frame.traceparent != nil || frame.baggage != nil || makesSpans else { return (nil, nil) }
    let echo = TraceHeaders(traceparent: frame.traceparent?.raw.array, baggage: frame.baggage?.raw.array)
    let parent = frame.traceparent.flatMap { Traceparent($0.text) }
    // Baggage is forwarded as it is, unless it is empty.
    let baggage = frame.baggage.flatMap { $0.inner.isEmpty ? nil : $0.raw.array }
    if makesSpans {
      let span = parent?.child(newID) ?? .random(newID)
      let callee = TraceHeaders(traceparent: span.quoted, baggage: baggage)
      return (callee, TraceHeaders(traceparent: span.child(newID).quoted, baggage: echo.baggage))
    }
    guard compatibility.forwardsTraceHeaders else { return (nil, echo) }
    let traceparent = parent == nil ? nil : echo.traceparent
    return (traceparent == nil && baggage == nil ? nil : TraceHeaders(traceparent: traceparent, baggage: baggage), echo)
  }

  /// The headers for the function of a job, from those of who enqueued it; `nil` if there are none.
  func headers(ofQueued sent: TraceHeaders) -> TraceHeaders? {
    let parent = sent.traceparent.flatMap { text in text.withView { Traceparent(JSONText.unquote($0)) } }
    let baggage = sent.baggage.flatMap { $0.count > 2 ? $0 : nil }
    if makesSpans {
      return TraceHeaders(traceparent: (parent?.child(newID) ?? .random(newID)).quoted, baggage: baggage)
    }
    guard compatibility.forwardsTraceHeaders, parent != nil || baggage != nil else { return nil }
    return TraceHeaders(traceparent: parent == nil ? nil : sent.traceparent, baggage: baggage)
  }

  /// The headers of a call that the engine itself begins.
  var ownHeaders: TraceHeaders? {
    makesSpans ? TraceHeaders(traceparent: Traceparent.random(newID).quoted, baggage: nil) : nil
  }

  private func newID() -> UUID128 { random?.id() ?? .random() }

  private var makesSpans: Bool { compatibility.makesSpans && isTracingEnabled }
}

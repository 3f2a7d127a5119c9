/// A step of a trace: what the code inside ``Observability/withSpan(_:kind:traceparent:isolation:_:)`` records about itself.
///
/// All methods may be used on any thread. After the span has ended they have no effect, and neither have they if it is not recorded.
public protocol Span: Sendable {
  /// Whether the span is recorded: some worker reports, and the caller's trace is not excluded from recording.
  var isRecording: Bool { get }
  /// Sets an attribute. The value of a name such as `password` or `api_key` is replaced, inside objects too; see
  /// ``Observability/redact(_:)``. A span has at most 128 attributes.
  func setAttribute(_ key: String, _ value: JSONValue)
  /// Adds something that happens now. A span has at most 128 events.
  func addEvent(_ name: String, attributes: [String: JSONValue])
  /// Marks the span as failed.
  func setError(_ message: String)
}

extension Span {
  /// Adds something that happens now, without attributes.
  public func addEvent(_ name: String) { addEvent(name, attributes: [:]) }
}

/// The role of a span, as OpenTelemetry has them.
public enum SpanKind: Int, Sendable {
  /// A step inside a program.
  case `internal` = 1
  /// The handling of a request from outside.
  case server
  /// A request to another program.
  case client
  /// A message that is put into a queue or topic.
  case producer
  /// The handling of such a message.
  case consumer
}

/// A span that has ended, for ``InitOptions/onSpan``.
public struct FinishedSpan: Sendable, Hashable {
  /// Something that happened during a span.
  public struct Event: Sendable, Hashable {
    /// What happened.
    public var name: String
    /// When, in nanoseconds since 1970.
    public var time: UInt64
    /// Details, without secrets.
    public var attributes: JSONObject
  }

  /// How a span ended.
  public enum Status: Sendable, Hashable {
    /// Not said.
    case unset
    /// Its body returned.
    case ok
    /// It failed, with the reason.
    case error(String)
  }

  /// What the span is about, such as `execute orders::price`.
  public var name: String
  /// The role.
  public var kind: SpanKind
  /// The trace: 32 hexadecimal digits.
  public var traceID: String
  /// The span: 16 hexadecimal digits.
  public var spanID: String
  /// The span in which this one began, of this process or another; `nil` for the first one of a trace.
  public var parentSpanID: String?
  /// The beginning, in nanoseconds since 1970.
  public var startTime: UInt64
  /// The end, in nanoseconds since 1970.
  public var endTime: UInt64
  /// Details, without secrets.
  public var attributes: JSONObject
  /// What happened during the span, in order.
  public var events: [Event]
  /// How it ended.
  public var status: Status
  /// Attributes that were left out because there were too many.
  public var droppedAttributes = 0
  /// Events that were left out because there were too many.
  public var droppedEvents = 0
}

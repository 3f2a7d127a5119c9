/// The context of the invocation that a handler serves.
///
/// ``current`` is set while a handler runs, async or blocking, and in the tasks that it starts. Calls that any worker makes there continue
/// the trace: the context of the called function has the same ``baggage`` and the same ``traceparent``; if the worker records spans, that
/// of the handler's span.
///
/// ```swift
/// try iii.registerFunction("orders::charge") { (order: Order) async throws -> Receipt in
///   log("charging", order.id, InvocationContext.current?.traceparent ?? "untraced")
///   return try await iii.trigger("bank::charge", payload: order)   // the bank sees the same trace
/// }
/// ```
public struct InvocationContext: Sendable {
  /// The context of the running handler; `nil` outside handlers.
  @TaskLocal public static var current: InvocationContext?

  /// The function that was called.
  public let functionID: String
  /// The id of the calling worker; `nil` if the engine does not send it, in particular for payloads that are not objects.
  public let callerWorkerID: String?
  /// The call's metadata; engines before 0.21 drop it.
  public let metadata: JSONValue?
  /// The W3C trace context, if the call had one.
  public let traceparent: String?
  /// The W3C baggage, if the call had one.
  public let baggage: String?
  /// The queue that delivers the invocation, and for which time; `nil` for a plain call, and from an engine that does not say it.
  public let delivery: QueueDelivery?

  /// What the payload's decoder gives to the types that it decodes.
  var decoding: [CodingUserInfoKey: any Sendable] = [:]

  private let id: ID

  private enum ID {
    case given(String?)
    case wire(UUID128?)
  }

  /// The invocation's id, a UUID; `nil` if the caller does not wait for the answer.
  public var invocationID: String? {
    switch id {
    case .given(let text): text
    case .wire(let id): id?.description
    }
  }

  /// Creates a context, for a test that runs a handler without an engine: `InvocationContext.$current.withValue(…) { … }`.
  public init(
    functionID: String, invocationID: String? = nil, callerWorkerID: String? = nil, metadata: JSONValue? = nil,
    traceparent: String? = nil, baggage: String? = nil, delivery: QueueDelivery? = nil
  ) {
    self.functionID = functionID
    id = .given(invocationID)
    self.callerWorkerID = callerWorkerID
    self.metadata = metadata
    self.traceparent = traceparent
    self.baggage = baggage
    self.delivery = delivery
  }

  init(_ functionID: String, _ invocation: InboundInvocation, caller: String?) {
    self.functionID = functionID
    id = .wire(invocation.invocationID)
    callerWorkerID = caller
    metadata = invocation.metadata.flatMap { try? PayloadCoder.decode(JSONValue.self, from: $0) }
    traceparent = invocation.traceparent
    baggage = invocation.baggage
    delivery = invocation.delivery.flatMap { QueueDelivery($0) }
  }
}

extension InvocationContext: CustomStringConvertible {
  /// Function, invocation and trace, for a log line. Metadata and baggage may contain secrets and are left out.
  public var description: String {
    let trace = traceparent.map { ", trace \($0)" } ?? ""
    return "\(functionID) (\(invocationID.map { "invocation \($0)" } ?? "no answer expected")\(trace))"
  }
}

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

  /// What all copies share: a context is copied often while a handler runs.
  private final class Storage: Sendable {
    let functionID: String
    let id: ID
    let callerWorkerID: String?
    let metadata: JSONValue?
    let traceparent: String?
    let baggage: String?
    let delivery: QueueDelivery?
    let decoding: [CodingUserInfoKey: any Sendable]

    enum ID {
      case given(String?)
      case wire(UUID128?)
    }

    init(
      _ functionID: String, _ id: ID, _ callerWorkerID: String?, _ metadata: JSONValue?, _ traceparent: String?,
      _ baggage: String?, _ delivery: QueueDelivery?, _ decoding: [CodingUserInfoKey: any Sendable]
    ) {
      self.functionID = functionID
      self.id = id
      self.callerWorkerID = callerWorkerID
      self.metadata = metadata
      self.traceparent = traceparent
      self.baggage = baggage
      self.delivery = delivery
      self.decoding = decoding
    }
  }

  private let storage: Storage

  /// The function that was called.
  public var functionID: String { storage.functionID }
  /// The id of the calling worker; `nil` if the engine does not send it, in particular for payloads that are not objects.
  public var callerWorkerID: String? { storage.callerWorkerID }
  /// The call's metadata; engines before 0.21 drop it.
  public var metadata: JSONValue? { storage.metadata }
  /// The W3C trace context, if the call had one.
  public var traceparent: String? { storage.traceparent }
  /// The W3C baggage, if the call had one.
  public var baggage: String? { storage.baggage }
  /// The queue that delivers the invocation, and for which time; `nil` for a plain call, and from an engine that does not say it.
  public var delivery: QueueDelivery? { storage.delivery }

  /// What the payload's decoder gives to the types that it decodes.
  var decoding: [CodingUserInfoKey: any Sendable] { storage.decoding }

  /// The invocation's id, a UUID; `nil` if the caller does not wait for the answer.
  public var invocationID: String? {
    switch storage.id {
    case .given(let text): text
    case .wire(let id): id?.description
    }
  }

  /// Creates a context, for a test that runs a handler without an engine: `InvocationContext.$current.withValue(…) { … }`.
  public init(
    functionID: String, invocationID: String? = nil, callerWorkerID: String? = nil, metadata: JSONValue? = nil,
    traceparent: String? = nil, baggage: String? = nil, delivery: QueueDelivery? = nil
  ) {
    storage = Storage(
      functionID, .given(invocationID), callerWorkerID, metadata, traceparent, baggage, delivery, [:])
  }

  init(
    _ functionID: String, _ invocation: InboundInvocation, caller: String?,
    _ decoding: [CodingUserInfoKey: any Sendable]
  ) {
    storage = Storage(
      functionID, .wire(invocation.invocationID), caller,
      invocation.metadata.flatMap { try? PayloadCoder.decode(JSONValue.self, from: $0) }, invocation.traceparent,
      invocation.baggage, invocation.delivery.flatMap { QueueDelivery($0) }, decoding)
  }
}

extension InvocationContext: CustomStringConvertible {
  /// Function, invocation and trace, for a log line. Metadata and baggage may contain secrets and are left out.
  public var description: String {
    let trace = traceparent.map { ", trace \($0)" } ?? ""
    return "\(functionID) (\(invocationID.map { "invocation \($0)" } ?? "no answer expected")\(trace))"
  }
}

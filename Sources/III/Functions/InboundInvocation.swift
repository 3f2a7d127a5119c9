/// One invocation of a function of the worker.
struct InboundInvocation: Sendable {
  /// `nil`: nobody waits for an answer.
  var invocationID: UUID128?
  /// JSON.
  var payload: [UInt8]
  /// JSON.
  var metadata: [UInt8]?
  var traceparent: String?
  var baggage: String?
  /// The connection that it came by: its answer goes there or nowhere.
  var connection: Int
}

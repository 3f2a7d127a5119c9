/// `invocationresult`, as a callee sends it to the engine.
package struct ResultFrame {
  package let invocationID: UUID128
  /// Required, but not used: the invocation has the function's id.
  package let functionID: WireString
  /// Any value; `nil` if it is absent or null.
  package let result: ByteView?
  package let error: ErrorBody?

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .invocationID, .functionID, .result, .error, .traceparent, .baggage])
    invocationID = try envelope.requiredID(.invocationID)
    functionID = try envelope.requiredString(.functionID)
    result = envelope.value(.result)
    error = if let value = envelope.value(.error) { try ErrorBody(value) } else { nil }
    _ = try envelope.string(.traceparent)
    _ = try envelope.string(.baggage)
  }
}

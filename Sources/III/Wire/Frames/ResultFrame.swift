/// `invocationresult`, as a callee sends it to the engine.
package struct ResultFrame {
  package let invocationID: UUID128
  /// Required and read, but it decides nothing: the invocation knows what was called.
  package let functionID: WireString
  /// Any value; null is none.
  package let result: ByteView?
  package let error: ErrorBody?

  package init(_ members: FrameMembers) throws(FrameProblem) {
    try members.refuseRepeated(.type, .invocationID, .functionID, .result, .error, .traceparent, .baggage)
    invocationID = try members.requiredID(.invocationID)
    functionID = try members.requiredString(.functionID)
    result = members.value(.result)
    error = if let value = members.value(.error) { try ErrorBody(value) } else { nil }
    _ = try members.string(.traceparent)
    _ = try members.string(.baggage)
  }
}

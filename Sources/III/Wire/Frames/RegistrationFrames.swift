/// `registerfunction`.
package struct FunctionRegistrationFrame {
  package let id: WireString
  package let description: WireString?
  package let requestFormat: ByteView?
  package let responseFormat: ByteView?
  package let metadata: ByteView?
  /// Whether the function is invoked by HTTP and not on the worker's connection.
  package let isHTTPInvoked: Bool

  package init(_ members: FrameMembers) throws(FrameProblem) {
    try members.refuseRepeated(
      .type, .id, .description, .requestFormat, .responseFormat, .metadata, .invocation)
    id = try members.requiredString(.id)
    description = try members.string(.description)
    requestFormat = members.value(.requestFormat)
    responseFormat = members.value(.responseFormat)
    metadata = members.value(.metadata)
    let invocation = members.value(.invocation)
    isHTTPInvoked = invocation != nil
    if let invocation, ObjectMembers(invocation) == nil { throw .wrongType(.invocation, expected: "an object") }
  }
}

/// `unregisterfunction`.
package struct FunctionUnregistrationFrame {
  package let id: WireString

  package init(_ members: FrameMembers) throws(FrameProblem) {
    try members.refuseRepeated(.type, .id)
    id = try members.requiredString(.id)
  }
}

/// `registerservice`.
package struct ServiceRegistrationFrame {
  package let id: WireString
  /// Absent is empty; null is no name.
  package let name: WireString?
  package let description: WireString?

  package init(_ members: FrameMembers) throws(FrameProblem) {
    try members.refuseRepeated(.type, .id, .name, .description, .parentServiceID)
    id = try members.requiredString(.id)
    name = members.envelope[.name].isPresent ? try members.requiredString(.name) : nil
    description = try members.string(.description)
    _ = try members.string(.parentServiceID)
  }
}

/// `reattach` (0.21.8): a new connection names the one that it replaces.
package struct ReattachFrame {
  package let previousWorkerID: UUID128
  package let token: UUID128?

  package init(_ members: FrameMembers) throws(FrameProblem) {
    previousWorkerID = try members.requiredID(.previousWorkerID)
    token = try members.id(.reattachToken)
  }
}

/// `registerfunction`.
package struct FunctionRegistrationFrame {
  package let id: WireString
  package let description: WireString?
  package let requestFormat: ByteView?
  package let responseFormat: ByteView?
  package let metadata: ByteView?
  /// How the function is called over HTTP and not on the worker's connection; `nil` for other functions.
  package let invocation: ByteView?

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .id, .description, .requestFormat, .responseFormat, .metadata, .invocation])
    id = try envelope.requiredString(.id)
    description = try envelope.string(.description)
    requestFormat = envelope.value(.requestFormat)
    responseFormat = envelope.value(.responseFormat)
    metadata = envelope.value(.metadata)
    invocation = envelope.value(.invocation)
    if let invocation, ObjectMembers(invocation) == nil { throw .wrongType(.invocation, expected: "an object") }
  }
}

/// `unregisterfunction`.
package struct FunctionUnregistrationFrame {
  package let id: WireString

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .id])
    id = try envelope.requiredString(.id)
  }
}

/// `registerservice`.
package struct ServiceRegistrationFrame {
  package let id: WireString
  /// Empty if absent; null is an error.
  package let name: WireString?
  package let description: WireString?

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .id, .name, .description, .parentServiceID])
    id = try envelope.requiredString(.id)
    name = envelope[.name].isPresent ? try envelope.requiredString(.name) : nil
    description = try envelope.string(.description)
    _ = try envelope.string(.parentServiceID)
  }
}

/// `reattach` (0.21.8): a new connection names the one that it replaces.
package struct ReattachFrame {
  package let previousWorkerID: UUID128
  package let token: UUID128?

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    previousWorkerID = try envelope.requiredID(.previousWorkerID)
    token = try envelope.id(.reattachToken)
  }
}

/// `registertriggertype`: the sender provides triggers of a type.
package struct TriggerTypeRegistrationFrame {
  package let id: WireString
  package let description: WireString
  package let requestFormat: ByteView?
  package let callFormat: ByteView?

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .id, .description, .triggerRequestFormat, .callRequestFormat])
    id = try envelope.requiredString(.id)
    description = try envelope.requiredString(.description)
    requestFormat = envelope.value(.triggerRequestFormat)
    callFormat = envelope.value(.callRequestFormat)
  }
}

/// `unregistertriggertype`, which SDKs send and engines before 0.24 do not support.
package struct TriggerTypeUnregistrationFrame {
  package let id: WireString

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .id])
    id = try envelope.requiredString(.id)
  }
}

/// `registertrigger`, from an owner to the engine and from the engine to a provider.
package struct TriggerRegistrationFrame {
  package let id: WireString
  package let triggerType: WireString
  package let functionID: WireString
  /// Any value, null included.
  package let config: ByteView
  package let metadata: ByteView?

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .id, .triggerType, .functionID, .config, .metadata])
    id = try envelope.requiredString(.id)
    triggerType = try envelope.requiredString(.triggerType)
    functionID = try envelope.requiredString(.functionID)
    config = try envelope.requiredValue(.config)
    metadata = envelope.value(.metadata)
  }
}

/// `unregistertrigger`: only the id is used.
package struct TriggerUnregistrationFrame {
  package let id: WireString
  package let triggerType: WireString?

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .id, .triggerType])
    id = try envelope.requiredString(.id)
    triggerType = try envelope.string(.triggerType)
  }
}

/// `triggerregistrationresult`: a provider's answer to a registration; without an error the trigger is accepted.
package struct TriggerRegistrationResultFrame {
  package let id: WireString
  package let triggerType: WireString
  package let functionID: WireString
  package let error: ErrorBody?

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .id, .triggerType, .functionID, .error])
    id = try envelope.requiredString(.id)
    triggerType = try envelope.requiredString(.triggerType)
    functionID = try envelope.requiredString(.functionID)
    error = if let value = envelope.value(.error) { try ErrorBody(value) } else { nil }
  }
}

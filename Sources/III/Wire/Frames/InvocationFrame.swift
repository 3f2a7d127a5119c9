/// `invokefunction`, as a caller sends it and as a callee receives it.
package struct InvocationFrame {
  /// How the call is routed.
  package enum Action {
    case call, void
    case enqueue(queue: WireString)
  }

  package let functionID: WireString
  /// `nil` if no answer is expected.
  package let invocationID: UUID128?
  /// The payload: any value.
  package let data: ByteView
  package let action: Action
  package let traceparent: WireString?
  package let baggage: WireString?
  /// The call's metadata (0.21); any value.
  package let metadata: ByteView?
  /// The function's namespace (0.23); a value that is not a string counts as absent, because older engines ignore it.
  package let namespace: WireString?
  /// Whether `data` is an object that already has a `_caller_worker_id`.
  package let namesCaller: Bool

  package init(_ envelope: borrowing Envelope) throws(FrameProblem) {
    try envelope.refuseRepeated([.type, .functionID, .invocationID, .data, .action, .traceparent, .baggage])
    functionID = try envelope.requiredString(.functionID)
    invocationID = try envelope.id(.invocationID)
    data = try envelope.requiredValue(.data)
    traceparent = try envelope.string(.traceparent)
    baggage = try envelope.string(.baggage)
    action = try InvocationFrame.action(envelope)
    metadata = envelope.value(.metadata)
    namespace = envelope.value(.namespace).flatMap { WireString($0) }
    namesCaller = envelope.dataNamesCaller
  }

  private static func action(_ envelope: borrowing Envelope) throws(FrameProblem) -> Action {
    guard let value = envelope.value(.action) else { return .call }
    guard var parts = ObjectMembers(value) else { throw .wrongType(.action, expected: "an object") }
    var type: WireString?
    var queue: ByteView?
    while let part = parts.next() {
      if part.isNamed("type") {
        guard type == nil else { throw .badMember(of: .action, "`type` occurs twice") }
        type = WireString(part.value)
        if type == nil { throw .badMember(of: .action, "`type` is not a string") }
      } else if part.isNamed("queue") {
        queue = part.value
      }
    }
    guard let type else { throw .badMember(of: .action, "missing field `type`") }
    if type.withUTF8({ $0 == "void" }) { return .void }
    guard type.withUTF8({ $0 == "enqueue" }) else {
      throw .badMember(of: .action, "unknown type `\(type.text)`, expected `enqueue` or `void`")
    }
    guard let queue else { throw .badMember(of: .action, "missing field `queue`") }
    guard let name = WireString(queue) else { throw .badMember(of: .action, "`queue` is not a string") }
    return .enqueue(queue: name)
  }
}

/// `invokefunction`, as a caller sends it and as a callee gets it.
package struct InvocationFrame {
  /// How the call is routed.
  package enum Action {
    case call, void
    case enqueue(queue: WireString)
  }

  package let functionID: WireString
  /// `nil` asks for no answer.
  package let invocationID: UUID128?
  /// The payload: any value.
  package let data: ByteView
  package let action: Action
  package let traceparent: WireString?
  package let baggage: WireString?
  /// What travels beside the payload (0.21); any value.
  package let metadata: ByteView?
  /// Where the function is looked for (0.23); what is no string counts as none, for older engines ignore it.
  package let namespace: WireString?
  /// Whether `data` is an object with a `_caller_worker_id` of its own.
  package let namesCaller: Bool

  package init(_ members: FrameMembers) throws(FrameProblem) {
    try members.refuseRepeated(.type, .functionID, .invocationID, .data, .action, .traceparent, .baggage)
    functionID = try members.requiredString(.functionID)
    invocationID = try members.id(.invocationID)
    data = try members.requiredValue(.data)
    traceparent = try members.string(.traceparent)
    baggage = try members.string(.baggage)
    action = try InvocationFrame.action(members)
    metadata = members.value(.metadata)
    namespace = members.value(.namespace).flatMap { WireString($0) }
    namesCaller = members.envelope.dataNamesCaller
  }

  private static func action(_ members: FrameMembers) throws(FrameProblem) -> Action {
    guard let value = members.value(.action) else { return .call }
    guard var parts = ObjectMembers(value) else { throw .wrongType(.action, expected: "an object") }
    var type: WireString?
    var queue: ByteView?
    while let part = parts.next() {
      if part.isNamed("type") {
        guard type == nil else { throw .badMember(of: .action, "`type` stands twice") }
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

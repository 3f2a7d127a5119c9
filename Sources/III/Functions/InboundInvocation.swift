/// One invocation of a function of this worker.
///
/// An object, because the handler's task, its context and its answer all refer to it.
final class InboundInvocation: Sendable {
  /// `nil` if the caller expects no answer.
  let invocationID: UUID128?
  /// JSON.
  let payload: [UInt8]
  /// Whether the payload is an object with the member `_caller_worker_id`, which the engine adds.
  let namesCaller: Bool
  /// JSON.
  let metadata: [UInt8]?
  let traceparent: String?
  let baggage: String?
  /// JSON.
  let delivery: [UInt8]?
  /// The connection on which the invocation came: the answer is sent on it, or not at all.
  let connection: Int

  init(
    invocationID: UUID128?, payload: [UInt8], namesCaller: Bool, metadata: [UInt8]?, traceparent: String?,
    baggage: String?, delivery: [UInt8]?, connection: Int
  ) {
    self.invocationID = invocationID
    self.payload = payload
    self.namesCaller = namesCaller
    self.metadata = metadata
    self.traceparent = traceparent
    self.baggage = baggage
    self.delivery = delivery
    self.connection = connection
  }

  /// The handler's payload, without the member that the engine added, and its context.
  func read(
    by functionID: String, _ decoding: [CodingUserInfoKey: any Sendable] = [:]
  ) -> (payload: [UInt8], context: InvocationContext) {
    guard namesCaller else { return (payload, InvocationContext(functionID, self, caller: nil, decoding)) }
    let (payload, caller) = payload.withView(CallerMember.taken(from:))
    return (payload, InvocationContext(functionID, self, caller: caller, decoding))
  }
}

/// The member of a payload in which the engine puts the caller's worker id.
private enum CallerMember {
  static let name: StaticString = "_caller_worker_id"

  /// Returns the object without the member, and the member's text.
  static func taken(from object: ByteView) -> ([UInt8], String?) {
    guard var members = ObjectMembers(object) else { return (object.array, nil) }
    var caller: String?
    var kept: [UInt8] = []
    kept.reserveCapacity(object.count)
    kept.append(UInt8(ascii: "{"))
    while let member = members.next() {
      guard !member.isNamed(name) else {
        if case .string(let text)? = try? JSONParser.parse(member.value) { caller = text }
        continue
      }
      if kept.count > 1 { kept.append(UInt8(ascii: ",")) }
      kept.append(contentsOf: object.dropFirst(member.start).prefix(member.end - member.start).unsafeBytes)
    }
    kept.append(UInt8(ascii: "}"))
    return (kept, caller)
  }
}

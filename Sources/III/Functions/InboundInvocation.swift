/// One invocation of a function of this worker.
struct InboundInvocation: Sendable {
  /// `nil` if the caller expects no answer.
  var invocationID: UUID128?
  /// JSON.
  var payload: [UInt8]
  /// Whether the payload is an object with the member `_caller_worker_id`, which the engine adds.
  var namesCaller = false
  /// JSON.
  var metadata: [UInt8]?
  var traceparent: String?
  var baggage: String?
  /// JSON.
  var delivery: [UInt8]?
  /// The connection on which the invocation came: the answer is sent on it, or not at all.
  var connection: Int

  /// The handler's payload, without the member that the engine added, and its context.
  func read(
    by functionID: String, _ decoding: [CodingUserInfoKey: any Sendable] = [:]
  ) -> (payload: [UInt8], context: InvocationContext) {
    guard namesCaller else { return (payload, context(functionID, nil, decoding)) }
    let (payload, caller) = payload.withView(CallerMember.taken(from:))
    return (payload, context(functionID, caller, decoding))
  }

  private func context(
    _ functionID: String, _ caller: String?, _ decoding: [CodingUserInfoKey: any Sendable]
  ) -> InvocationContext {
    var context = InvocationContext(functionID, self, caller: caller)
    context.decoding = decoding
    return context
  }
}

/// The member of a payload in which the engine puts the caller's worker id.
private enum CallerMember {
  static let name: StaticString = "_caller_worker_id"

  /// Returns the object without the member, and the member's text.
  static func taken(from object: ByteView) -> ([UInt8], String?) {
    guard var members = ObjectMembers(object) else { return (object.array, nil) }
    var caller: String?
    var kept: [UInt8] = [UInt8(ascii: "{")]
    kept.reserveCapacity(object.count)
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

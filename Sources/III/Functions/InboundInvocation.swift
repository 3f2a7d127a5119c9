/// One invocation of a function of this worker.
///
/// An object, because the handler's task, its context and its answer all refer to it.
final class InboundInvocation: Sendable {
  /// `nil` if the caller expects no answer.
  let invocationID: UUID128?
  /// JSON: what the handler gets, unless the caller's id is still in it.
  let payload: [UInt8]
  private let caller: Caller
  /// JSON.
  let metadata: [UInt8]?
  let traceparent: String?
  let baggage: String?
  /// JSON.
  let delivery: [UInt8]?
  /// The connection on which the invocation came: the answer is sent on it, or not at all.
  let connection: Int

  /// The worker that calls.
  private enum Caller {
    case known(String?)
    /// The payload is an object that still has the member `_caller_worker_id`, which the engine adds.
    case inPayload
  }

  /// - Parameter data: The payload's JSON.
  /// - Parameter namesCaller: Whether it is an object with the member that the engine adds; with `repeatsCaller`, more than once.
  init(
    invocationID: UUID128?, data: ByteView, namesCaller: Bool, repeatsCaller: Bool, metadata: [UInt8]?,
    traceparent: String?, baggage: String?, delivery: [UInt8]?, connection: Int
  ) {
    self.invocationID = invocationID
    if namesCaller, !repeatsCaller, let (rest, id) = CallerMember.taken(atStartOf: data) {
      (payload, caller) = (rest, .known(id))
    } else {
      (payload, caller) = (data.array, namesCaller ? .inPayload : .known(nil))
    }
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
    let (payload, caller) =
      switch caller {
      case .known(let id): (payload, id)
      case .inPayload: payload.withView(CallerMember.taken(from:))
      }
    return (payload, InvocationContext(functionID, self, caller: caller, decoding))
  }
}

/// The member of a payload in which the engine puts the caller's worker id.
private enum CallerMember {
  static let name: StaticString = "_caller_worker_id"

  /// As below, if the member is the first one, as the engine writes it; `nil` if it is not. It must be the only one of its name.
  static func taken(atStartOf object: ByteView) -> ([UInt8], String)? {
    let opening = ByteView("{\"_caller_worker_id\":\"")
    guard object.count > opening.count, object.prefix(opening.count) == opening else { return nil }
    let text = object.dropFirst(opening.count)
    guard let end = text.unsafeBytes.firstIndex(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }),
      text[end] == UInt8(ascii: "\""), end + 1 < text.count
    else { return nil }
    let rest = text.dropFirst(end + 1)
    let members: ByteView
    switch rest[0] {
    case UInt8(ascii: ","): members = rest.dropFirst(1)
    case UInt8(ascii: "}"): members = rest
    default: return nil
    }
    let kept = ByteWriter.bytes(members.count + 1) {
      $0.append(UInt8(ascii: "{"))
      $0.append(members)
    }
    return (kept, text.prefix(end).string)
  }

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

/// The kind of a message, by its `type`: the public `MessageType`s and the few that only engines and workers exchange.
@usableFromInline package enum FrameKind: UInt8, CaseIterable, Sendable {
  case registerFunction, unregisterFunction, registerService
  case invokeFunction, invocationResult
  case registerTriggerType, unregisterTriggerType, registerTrigger, unregisterTrigger, triggerRegistrationResult
  case workerRegistered, registrationRejected, reattach
  case ping, pong, error

  /// The value of `type` in the message. Inlined, so that a comparison with it is one with constants.
  @inline(__always) package var name: StaticString {
    switch self {
    case .registerFunction: "registerfunction"
    case .unregisterFunction: "unregisterfunction"
    case .registerService: "registerservice"
    case .invokeFunction: "invokefunction"
    case .invocationResult: "invocationresult"
    case .registerTriggerType: "registertriggertype"
    case .unregisterTriggerType: "unregistertriggertype"
    case .registerTrigger: "registertrigger"
    case .unregisterTrigger: "unregistertrigger"
    case .triggerRegistrationResult: "triggerregistrationresult"
    case .workerRegistered: "workerregistered"
    case .registrationRejected: "registrationrejected"
    case .reattach: "reattach"
    case .ping: "ping"
    case .pong: "pong"
    case .error: "error"
    }
  }

  /// The kind that a `type` member's value names; `nil` if it is not a string or unknown.
  init?(value: ByteView) {
    guard value.count >= 2, value[0] == 0x22 else { return nil }
    let text = value.dropFirst(1).prefix(value.count - 2)
    // The two most frequent kinds come first.
    if text == FrameKind.invokeFunction.name {
      self = .invokeFunction
    } else if text == FrameKind.invocationResult.name {
      self = .invocationResult
    } else if let kind = FrameKind.named(text) {
      self = kind
    } else {
      return nil
    }
  }

  private static func named(_ text: ByteView) -> FrameKind? {
    if text.contains(0x5C) {
      return Array(JSONText.text(of: text.unsafeBytes).utf8).withView { text in allCases.first { text == $0.name } }
    }
    return allCases.first { text == $0.name }
  }
}

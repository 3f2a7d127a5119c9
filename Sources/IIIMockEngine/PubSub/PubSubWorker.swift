internal import III

/// `iii-pubsub`: calls the functions of a topic's subscribers with what is published. Nothing is stored.
final class PubSubWorker: BuiltInWorker {
  static let triggerType = "subscribe"

  let manifest = BuiltInManifest(
    name: PubSubSettings.workerName,
    functions: [
      BuiltInFunction(
        "publish", "Publish data to a topic: every subscriber's function is called with it.", input: "PubSubInput",
        fields: [.init("topic", .string, isRequired: true), .init("data", .any, isRequired: true)],
        responseSchema: ["type": "null"])
    ],
    triggerTypes: [
      BuiltInTriggerType(
        id: PubSubWorker.triggerType, description: "Subscribe to a topic",
        requestSchema: BuiltInSchema.object(
          "SubscribeTriggerConfig",
          [
            "topic": ["type": "string"],
            "condition_function_id": [
              "type": ["string", "null"], "description": "Accepted and ignored, as the real engine does.",
            ],
          ], required: ["topic"]))
    ])

  private var host: BuiltInHost?
  /// By the trigger's place in the order of registrations, which no two triggers share.
  private var subscriptions = Subscriptions<UInt64, TriggerEntry>()

  func start(_ host: BuiltInHost) { self.host = host }

  /// There is nothing to set: the adapter is always this engine's.
  func reload(_ settings: any BuiltInSettings) -> Bool { true }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    if let failure = publish(try PublishInput(call.data, named: function.inputName)) { return .failure(failure) }
    return .nothing
  }

  /// Calls the subscribers' functions; returns why nothing was published, if it was not.
  func publish(_ input: PublishInput) -> InvocationFailure? {
    if input.topic.isEmpty { return InvocationFailure(code: "topic_not_set", message: "Topic is not set") }
    for trigger in subscriptions.subscribers(of: input.topic) {
      // Metadata is not for subscribers, in no version.
      host?.call(trigger.functionID, input.data, token: CallToken(trigger.sequence))
    }
    return nil
  }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {
    guard case .failure(let failure) = outcome, let trigger = subscriptions.subscriber(token.number) else { return }
    host?.warn("subscriber '\(trigger.functionID.text)' failed: \(failure.code): \(failure.message)")
  }

  // MARK: Subscriptions

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    if let old { subscriptions.unsubscribe(old.sequence) }
    let topic = trigger.config.withView { PubSubWorker.topic(ofConfig: $0) }
    if let topic, !topic.isEmpty {
      subscriptions.subscribe(trigger.sequence, to: topic, trigger)
    } else {
      host?.warn(
        "subscription '\(trigger.id.text)' of function '\(trigger.functionID.text)' names no topic and never fires; "
          + "set `topic` in its config to a string that is not empty")
    }
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) { subscriptions.unsubscribe(trigger.sequence) }

  private static func topic(ofConfig config: ByteView) -> [UInt8]? {
    guard var members = ObjectMembers(config) else { return nil }
    var topic: [UInt8]?
    while let member = members.next() {
      guard member.isNamed("topic") else { continue }
      topic = JSONText.isString(member.value) ? Array(JSONText.unquote(member.value).utf8) : nil
    }
    return topic
  }
}

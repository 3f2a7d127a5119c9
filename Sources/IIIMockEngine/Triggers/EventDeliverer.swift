internal import III

/// Calls the functions of a built-in worker's triggers: those of one event one after another, each after its condition;
/// different events do not wait for each other. Confined to the engine's loop.
///
/// Its calls have tokens without `CallToken.ofWorker`; the worker passes what it hears of them on.
final class EventDeliverer {
  private struct Entry {
    let trigger: TriggerEntry
    let conditionFunctionID: ByteKey?
    var rate = TriggerRate()
  }

  /// What the triggers watch, for the log: `state`.
  private let subject: String
  private var host: BuiltInHost?
  /// By the trigger's place in the order of registrations, which no two triggers share.
  private var entries: [UInt64: Entry] = [:]
  private var deliveries = DeliveryTable()

  init(of subject: String) { self.subject = subject }

  func start(_ host: BuiltInHost) { self.host = host }

  func add(_ trigger: TriggerEntry, condition: [UInt8]?) {
    entries[trigger.sequence] = Entry(
      trigger: trigger, conditionFunctionID: condition.map { ByteKey(String(decoding: $0, as: UTF8.self)) })
  }

  func remove(_ trigger: TriggerEntry) { entries[trigger.sequence] = nil }

  /// Starts the delivery of an event to the triggers with these numbers.
  func deliver(_ event: @autoclosure () -> [UInt8], to triggers: [UInt64]) {
    guard !triggers.isEmpty, let delivery = deliveries.begin(event(), to: triggers) else { return }
    goOn(delivery)
  }

  /// Calls the current trigger of a delivery, or asks its condition; those that have ended are passed over.
  private func goOn(_ delivery: UInt64) {
    guard let host else { return }
    while let (number, event) = deliveries.current(delivery) {
      guard let entry = entries[number] else {
        deliveries.advance(delivery)
        continue
      }
      if entries[number]?.rate.fired(now: host.now) == true {
        host.warn(
          "trigger '\(entry.trigger.id.text)' has fired \(TriggerRate.limit) times within a second: its function "
            + "'\(entry.trigger.functionID.text)' may be changing the \(subject) that it watches")
      }
      let token = CallToken(delivery)
      if let condition = entry.conditionFunctionID {
        host.check(condition: condition, event, trigger: entry.trigger.id, token: token)
      } else {
        host.fire(entry.trigger, event, token: token)
      }
      return
    }
  }

  func conditionDecided(_ token: CallToken, _ verdict: ConditionVerdict) {
    guard let (number, event) = deliveries.current(token.number) else { return }
    if verdict == .holds, let entry = entries[number] {
      host?.fire(entry.trigger, event, token: token)
    } else {
      deliveries.advance(token.number)
      goOn(token.number)
    }
  }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {
    if case .failure(let failure) = outcome, let number = deliveries.current(token.number)?.trigger,
      let trigger = entries[number]?.trigger
    {
      host?.warn(
        "trigger '\(trigger.id.text)': function '\(trigger.functionID.text)' failed: \(failure.code): \(failure.message)"
      )
    }
    deliveries.advance(token.number)
    goOn(token.number)
  }
}

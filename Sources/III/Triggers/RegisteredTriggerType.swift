internal import UV

/// A trigger type that the worker provides: what the engine is told of it, and its handler.
///
/// What concerns one trigger reaches the handler in the order in which it came; triggers do not wait for one another.
final class RegisteredTriggerType: Sendable {
  let id: String
  let registration: RegisterTriggerTypeMessage
  private let add: @Sendable (InboundTrigger) async -> (code: String, message: String)?
  private let remove: @Sendable (InboundTrigger) async -> Void
  /// What was begun last for each trigger.
  private let last = Lock<[String: (number: Int, task: Task<Void, Never>)]>([:])

  init<H: TriggerHandler>(_ registration: RegisterTriggerTypeMessage, handler: H) {
    id = registration.id
    self.registration = registration
    add = { trigger in
      let decoded: TriggerConfig<H.Config>
      do {
        decoded = try trigger.decoded(as: H.Config.self)
      } catch {
        return ("trigger_registration_failed", "invalid config: \(PayloadCoder.message(for: error))")
      }
      do {
        try await handler.registerTrigger(decoded)
        return nil
      } catch let error as IIIInvocationError {
        return (error.code, error.message)
      } catch {
        return ("trigger_registration_failed", PayloadCoder.text(of: error))
      }
    }
    remove = { [id] trigger in
      do {
        try await handler.unregisterTrigger(try trigger.decoded(as: H.Config.self))
      } catch {
        ClientLog.write(
          .warn,
          "the handler of trigger type '\(id)' failed to unregister '\(trigger.id)': \(PayloadCoder.text(of: error))")
      }
    }
  }

  /// Tells the handler of a trigger, then `done` what came of it.
  func register(
    _ trigger: InboundTrigger, _ done: @escaping @Sendable ((code: String, message: String)?) -> Void
  ) {
    run(trigger.id) { [add] in done(await add(trigger)) }
  }

  /// Tells the handler that a trigger is gone, then `done` that it has heard.
  func unregister(_ trigger: InboundTrigger, _ done: @escaping @Sendable () -> Void) {
    run(trigger.id) { [remove] in
      await remove(trigger)
      done()
    }
  }

  private func run(_ id: String, _ body: @escaping @Sendable () async -> Void) {
    last.withLock { last in
      let before = last[id]
      let number = (before?.number ?? 0) + 1
      let task = Task {
        await before?.task.value
        await body()
        self.ended(id, number)
      }
      last[id] = (number, task)
    }
  }

  private func ended(_ id: String, _ number: Int) {
    last.withLock { if $0[id]?.number == number { $0[id] = nil } }
  }
}

internal import UV

/// A trigger type that the worker provides: what the engine is told of it, and its handler.
///
/// For one trigger the handler is called once at a time, in the order of the engine's messages; different triggers do not wait for one
/// another. The handler is told of changes only: not of a trigger that it already has, and not of the end of a trigger that it refused.
final class RegisteredTriggerType: Sendable {
  typealias Refusal = (code: String, message: String)

  private struct State {
    /// The last task of each trigger.
    var last: [ByteKey: (number: Int, task: Task<Void, Never>)] = [:]
    /// The triggers that the handler has accepted and whose end it was not told.
    var accepted: [ByteKey: InboundTrigger] = [:]
    /// The type that this one replaced.
    var replaced: RegisteredTriggerType?
  }

  let id: String
  let registration: RegisterTriggerTypeMessage
  private let add: @Sendable (InboundTrigger) async -> Refusal?
  private let remove: @Sendable (InboundTrigger) async -> Void
  private let state = Lock(State())

  init<H: TriggerHandler>(_ registration: RegisterTriggerTypeMessage, handler: H) {
    id = registration.id
    self.registration = registration
    add = { trigger in
      let decoded: TriggerConfig<H.Config>
      do {
        decoded = try trigger.decoded(as: H.Config.self)
      } catch {
        return (IIIErrorCode.triggerRegistrationFailed, "invalid config: \(PayloadCoder.message(for: error))")
      }
      do {
        try await handler.registerTrigger(decoded)
        return nil
      } catch let error as IIIInvocationError {
        guard error.origin != .own, case .failure(let code, let message, _) = error.passedOn else {
          return (error.code, error.message)
        }
        return (code == IIIErrorCode.invocationFailed ? IIIErrorCode.triggerRegistrationFailed : code, message)
      } catch {
        return (IIIErrorCode.triggerRegistrationFailed, PayloadCoder.text(of: error))
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

  /// Makes calls of this handler wait for the calls of the handler that it replaces.
  func follow(_ replaced: RegisteredTriggerType) {
    state.withLock { $0.replaced = replaced }
    // A type that is replaced often must not hold all of its predecessors.
    replaced.state.withLock { $0.replaced = nil }
  }

  /// Tells the handler of a trigger; `done` is called with its refusal, if it refuses.
  func register(
    _ trigger: InboundTrigger, as activity: HandlerActivity? = nil, on executor: HandlerExecutor? = nil,
    _ done: @escaping @Sendable (Refusal?) -> Void
  ) {
    run(ByteKey(trigger.id), activity, executor) { [self] in
      guard state.withLock({ $0.accepted[ByteKey(trigger.id)] }) != trigger else { return done(nil) }
      let refusal = await add(trigger)
      state.withLock { $0.accepted[ByteKey(trigger.id)] = refusal == nil ? trigger : nil }
      done(refusal)
    }
  }

  /// Tells the handler that a trigger has ended, if it had accepted it; then calls `done`.
  func unregister(
    _ trigger: InboundTrigger, as activity: HandlerActivity? = nil, on executor: HandlerExecutor? = nil,
    _ done: @escaping @Sendable () -> Void
  ) {
    run(ByteKey(trigger.id), activity, executor) { [self] in
      if let accepted = state.withLock({ $0.accepted.removeValue(forKey: ByteKey(trigger.id)) }) {
        await remove(accepted)
      }
      done()
    }
  }

  private func run(
    _ id: ByteKey, _ activity: HandlerActivity?, _ executor: HandlerExecutor?,
    _ body: @escaping @Sendable () async -> Void
  ) {
    state.withLock { state in
      let before = state.last[id]
      let replaced = state.replaced
      let number = (before?.number ?? 0) + 1
      let task = Task(executorPreference: executor) {
        await replaced?.lastTask(of: id)?.value
        await before?.task.value
        await HandlerActivity.$current.withValue(activity, operation: body)
        self.ended(id, number)
      }
      state.last[id] = (number, task)
    }
  }

  private func lastTask(of id: ByteKey) -> Task<Void, Never>? { state.withLock { $0.last[id]?.task } }

  private func ended(_ id: ByteKey, _ number: Int) {
    state.withLock { if $0.last[id]?.number == number { $0.last[id] = nil } }
  }
}

internal import UV

/// The handlers of a worker that are running. Confined to the loop.
final class RunningHandlers {
  /// Runs the handlers that may block.
  var pool: BlockingPool { host.control?.executor?.pool ?? ownPool }
  private let ownPool = BlockingPool()
  private let host: LoopHost
  private var begun = 0
  private(set) var count = 0
  private var tasks: [Int: Task<Void, Never>] = [:]
  /// What the handlers do, where the host has a control.
  private(set) var activities: [Int: HandlerActivity] = [:]
  private let waiters = Waiters<Int>()

  init(on host: LoopHost) { self.host = host }

  /// Counts a handler that begins, and returns its number.
  func begin() -> Int {
    begun += 1
    count += 1
    return begun
  }

  /// Follows what a handler does, where the host has a control.
  func follow(_ handler: Int, _ functionID: String, _ invocationID: UUID128? = nil) -> HandlerActivity? {
    guard host.control != nil else { return nil }
    let activity = HandlerActivity(of: functionID, invocationID, owner: host, at: monotonicNanoseconds())
    activities[handler] = activity
    return activity
  }

  /// Stores the task in which the handler runs.
  func note(_ task: Task<Void, Never>, of handler: Int) { tasks[handler] = task }

  func ended(_ handler: Int) {
    count -= 1
    tasks[handler] = nil
    activities[handler] = nil
    if count == 0 { waiters.resume(host.timers, with: 0) }
  }

  /// Cancels the tasks of the handlers; a handler goes on until it checks for cancellation.
  func cancelTasks() {
    for task in tasks.values { task.cancel() }
  }

  /// Calls `done` with the number of handlers that still run: with 0 as soon as none runs, otherwise when `limit` has passed.
  func wait(_ limit: Duration, _ done: @escaping @Sendable (Int) -> Void) {
    if count == 0 { done(0) } else { waiters.add(limit, host.timers, late: { [self] in count }, done) }
  }

  /// Cancels the handlers' tasks, closes the pool and ends all waits: the worker has ended.
  func close() {
    cancelTasks()
    tasks = [:]
    activities = [:]
    ownPool.close()
    waiters.resume(host.timers, with: count)
  }
}

/// Runs handlers and sends their answers.
extension Connection {
  /// Ends an invocation, with the trace context of its answer; `nil` for the caller's.
  private typealias Finish = @Sendable (_ outcome: HandlerOutcome, _ traceparent: String?) -> Void

  func run(_ function: RegisteredFunction, _ invocation: InboundInvocation) {
    let handler = handlers.begin()
    let activity = handlers.follow(handler, function.id, invocation.invocationID)
    let me = LoopBound(self, on: host.loop)
    let loop = host.loop
    let answering = Answering(
      function: function, invocation: invocation, limit: configuration.maxMessageBytes, gauge: gauge,
      log: configuration.log)
    let limiter = function.limiter
    let finish: Finish = { outcome, traceparent in
      limiter?.ended()
      let answer = answering.message(of: outcome, traceparent ?? invocation.traceparent)
      loop.postOrRun { me.value.handlerEnded(handler, answer, invocation.connection) }
    }
    guard let limiter else { return begin(function, invocation, as: handler, activity, finish) }
    // Until its turn comes, it waits for an earlier invocation, which is counted itself.
    activity?.beginWait()
    limiter.begin {
      activity?.endWait()
      loop.post { me.value.beginInTurn(function, invocation, as: handler, activity, finish) }
    }
  }

  private func beginInTurn(
    _ function: RegisteredFunction, _ invocation: InboundInvocation, as handler: Int, _ activity: HandlerActivity?,
    _ finish: @escaping Finish
  ) {
    // No waiting invocation begins after a shutdown: its answer would be dropped.
    if status.isShutDown { finish(.null, nil) } else { begin(function, invocation, as: handler, activity, finish) }
  }

  private func begin(
    _ function: RegisteredFunction, _ invocation: InboundInvocation, as handler: Int, _ activity: HandlerActivity?,
    _ finish: @escaping Finish
  ) {
    let decoding = decoding
    let telemetry = telemetry
    switch function.body {
    case .task(let body):
      let run: @Sendable () async -> Void = {
        let (payload, context) = invocation.read(by: function.id, decoding)
        guard let telemetry else {
          return finish(await InvocationContext.$current.withValue(context) { await body(payload) }, nil)
        }
        let span = HandlerSpan(function.id, invocation, payload, telemetry)
        let outcome = await TraceScope.$current.withValue(span.scope) {
          await InvocationContext.$current.withValue(context) { await body(payload) }
        }
        span.end(outcome)
        finish(outcome, span.traceparent)
      }
      handlers.note(task(activity, run), of: handler)
    case .thread(let body):
      handlers.pool.run {
        let (payload, context) = invocation.read(by: function.id, decoding)
        let span = telemetry.map { HandlerSpan(function.id, invocation, payload, $0) }
        let outcome = HandlerActivity.$current.withValue(activity) {
          InvocationContext.$current.withValue(context) {
            span.map { span in TraceScope.$current.withValue(span.scope) { body(payload) } } ?? body(payload)
          }
        }
        span?.end(outcome)
        finish(outcome, span?.traceparent)
      } orRefuse: {
        finish(.invocationFailed($0), nil)
      }
    case .remote:
      finish(RegisteredFunction.notInvokable, nil)
    }
  }

  /// Starts a handler's task where the host wants it.
  private func task(_ activity: HandlerActivity?, _ run: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
    guard let activity else { return Task { await run() } }
    guard let executor = host.control?.executor else {
      return Task { await HandlerActivity.$current.withValue(activity, operation: run) }
    }
    return Task(executorPreference: executor) { await HandlerActivity.$current.withValue(activity, operation: run) }
  }

  /// What this worker does, so that its engine is not settled.
  var activity: [WorkerActivity] {
    let running = handlers.activities.values.filter { !$0.isWaiting }.map { WorkerActivity.handling($0) }
    return isConnecting ? running + [.connecting(address: configuration.machine.address)] : running
  }

  func handlerEnded(_ handler: Int, _ answer: Outbound?, _ connection: Int) {
    if let answer {
      gauge.take(answer.count)
      reply(answer, to: connection)
    }
    handlers.ended(handler)
  }

  func tell(_ type: RegisteredTriggerType, of trigger: InboundTrigger, _ connection: Int) {
    let handler = handlers.begin()
    let activity = handlers.follow(handler, "registerTrigger of type \(type.id)")
    let me = LoopBound(self, on: host.loop)
    let loop = host.loop
    let gauge = gauge
    type.register(trigger, as: activity, on: host.control?.executor) { error in
      let result = TriggerRegistrationResultMessage(
        id: trigger.id, type: trigger.type, functionID: trigger.functionID, error: error)
      let answer = Outbound(frame: result.frame())
      gauge.add(answer.count)
      loop.post { me.value.handlerEnded(handler, answer, connection) }
    }
  }

  func tell(_ type: RegisteredTriggerType, ofEndOf trigger: InboundTrigger) {
    let handler = handlers.begin()
    let activity = handlers.follow(handler, "unregisterTrigger of type \(type.id)")
    let me = LoopBound(self, on: host.loop)
    let loop = host.loop
    type.unregister(trigger, as: activity, on: host.control?.executor) {
      loop.post { me.value.handlerEnded(handler, nil, 0) }
    }
  }
}

/// Makes the answer to an invocation from its handler's outcome, on the handler's thread.
private struct Answering: Sendable {
  let function: RegisteredFunction
  let invocation: InboundInvocation
  let limit: Int
  let gauge: SendGauge
  let log: @Sendable (LogLevel, String) -> Void

  /// The answer; `nil` if the caller does not wait for one.
  func message(of outcome: HandlerOutcome, _ traceparent: String?) -> Outbound? {
    guard let id = invocation.invocationID else {
      if case .failure(_, let message, _) = outcome {
        log(.warn, "an invocation of '\(function.id)' without a result failed: \(message)")
      }
      return nil
    }
    var answer = InvocationResultMessage(
      invocationID: id, functionID: function.id, outcome: outcome, traceparent: traceparent)
    var count = answer.count
    if count > limit {
      let error = MessageTooLarge(count: count, limit: limit)
      answer.outcome = .failure(code: MessageTooLarge.code, message: error.message, stacktrace: nil)
      count = answer.count
    }
    let message = gauge.isFull ? Outbound(answer, count: count) : Outbound(frame: answer.frame(count: count))
    gauge.add(message.count)
    return message
  }
}

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
    for task in tasks.valuesInOrder { task.cancel() }
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
  func run(_ function: RegisteredFunction, _ invocation: InboundInvocation) {
    let handler = handlers.begin()
    let activity = handlers.follow(handler, function.id, invocation.invocationID)
    let run = HandlerRun(
      handler: handler, function: function, invocation: invocation, activity: activity, answering: answering,
      connection: LoopBound(self, on: host.loop))
    guard let limiter = function.limiter else { return begin(run) }
    // Until its turn comes, it waits for an earlier invocation, which is counted itself.
    activity?.beginWait()
    let loop = host.loop
    limiter.begin {
      activity?.endWait()
      loop.post { run.connection.value.beginInTurn(run) }
    }
  }

  private func beginInTurn(_ run: HandlerRun) {
    // No waiting invocation begins after a shutdown: its answer would be dropped.
    if status.isShutDown { run.finish(.null) } else { begin(run) }
  }

  private func begin(_ run: HandlerRun) {
    switch run.function.body {
    case .task(let body): handlers.note(task(run, body), of: run.handler)
    case .thread(let body):
      handlers.pool.run {
        run.perform(body)
      } orRefuse: {
        run.finish(.invocationFailed($0))
      }
    case .remote: run.finish(RegisteredFunction.notInvokable)
    }
  }

  /// Starts a handler's task where the host wants it.
  private func task(_ run: HandlerRun, _ body: @escaping RegisteredFunction.TaskBody) -> Task<Void, Never> {
    guard let activity = run.activity else { return Task { await run.perform(body) } }
    guard let executor = host.control?.executor else {
      return Task { await HandlerActivity.$current.withValue(activity) { await run.perform(body) } }
    }
    return Task(executorPreference: executor) {
      await HandlerActivity.$current.withValue(activity) { await run.perform(body) }
    }
  }

  /// What this worker does, so that its engine is not settled.
  var activity: [WorkerActivity] {
    let running = handlers.activities.valuesInOrder.filter { !$0.isWaiting }.map { WorkerActivity.handling($0) }
    return isConnecting ? running + [.connecting(address: configuration.machine.address)] : running
  }

  func handlerEnded(_ handler: Int, _ answer: Outbound?, _ connection: Int) {
    if let answer { reply(answer, to: connection) }
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

/// What the handlers of a worker need to answer, on any thread.
final class Answering: Sendable {
  let loop: Loop
  let limit: Int
  let gauge: SendGauge
  let log: @Sendable (LogLevel, String) -> Void
  let decoding: [CodingUserInfoKey: any Sendable]
  /// `nil` if the worker reports nothing.
  let telemetry: Telemetry?

  init(
    on loop: Loop, limit: Int, _ gauge: SendGauge, _ log: @escaping @Sendable (LogLevel, String) -> Void,
    _ decoding: [CodingUserInfoKey: any Sendable], _ telemetry: Telemetry?
  ) {
    self.loop = loop
    self.limit = limit
    self.gauge = gauge
    self.log = log
    self.decoding = decoding
    self.telemetry = telemetry
  }

  /// The answer to an invocation; `nil` if the caller does not wait for one.
  func message(
    to invocation: InboundInvocation, of functionID: String, _ outcome: HandlerOutcome, _ traceparent: String?
  ) -> Outbound? {
    guard let id = invocation.invocationID else {
      if case .failure(_, let message, _) = outcome {
        log(.warn, "an invocation of '\(functionID)' without a result failed: \(message)")
      }
      return nil
    }
    var answer = InvocationResultMessage(
      invocationID: id, functionID: functionID, outcome: outcome, traceparent: traceparent)
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

/// One invocation that a handler serves, from its beginning to its answer; on any thread.
private final class HandlerRun: Sendable {
  /// Its number among the worker's handlers.
  let handler: Int
  let function: RegisteredFunction
  let activity: HandlerActivity?
  let connection: LoopBound<Connection>
  private let invocation: InboundInvocation
  private let answering: Answering

  init(
    handler: Int, function: RegisteredFunction, invocation: InboundInvocation, activity: HandlerActivity?,
    answering: Answering, connection: LoopBound<Connection>
  ) {
    self.handler = handler
    self.function = function
    self.invocation = invocation
    self.activity = activity
    self.answering = answering
    self.connection = connection
  }

  /// Runs the handler as a task.
  func perform(_ body: RegisteredFunction.TaskBody) async {
    let (payload, context) = invocation.read(by: function.id, answering.decoding)
    guard let telemetry = answering.telemetry else {
      return finish(await InvocationContext.$current.withValue(context) { await body(payload) })
    }
    let span = HandlerSpan(function.id, invocation, payload, telemetry)
    let outcome = await TraceScope.$current.withValue(span.scope) {
      await InvocationContext.$current.withValue(context) { await body(payload) }
    }
    span.end(outcome)
    finish(outcome, span.traceparent)
  }

  /// Runs the handler, which may block the thread.
  func perform(_ body: RegisteredFunction.ThreadBody) {
    let (payload, context) = invocation.read(by: function.id, answering.decoding)
    let span = answering.telemetry.map { HandlerSpan(function.id, invocation, payload, $0) }
    let outcome = HandlerActivity.$current.withValue(activity) {
      InvocationContext.$current.withValue(context) {
        span.map { span in TraceScope.$current.withValue(span.scope) { body(payload) } } ?? body(payload)
      }
    }
    span?.end(outcome)
    finish(outcome, span?.traceparent)
  }

  /// Ends the invocation, with the trace context of its answer; `nil` for the caller's.
  func finish(_ outcome: HandlerOutcome, _ traceparent: String? = nil) {
    function.limiter?.ended()
    let answer = answering.message(to: invocation, of: function.id, outcome, traceparent ?? invocation.traceparent)
    answering.loop.postOrRun { [self] in connection.value.handlerEnded(handler, answer, invocation.connection) }
  }
}

internal import III
internal import UV

/// The actor that owns an engine's state; its executor is the engine's loop.
///
/// Callbacks of the loop run on the actor's thread and reach the state directly; other threads await the actor.
actor EngineCore {
  nonisolated let loop: Loop
  nonisolated let time: TimeSource
  /// What tests deny and allow.
  nonisolated let commands = AccessCommands()
  /// What tests have functions do.
  nonisolated let stubCommands = StubCommands()
  var configuration: MockEngine.Configuration
  private(set) var engine: Engine?
  /// The engine's journal, which can be read after the engine has ended.
  private(set) var recorder: JournalRecorder?
  /// What the clock showed when the engine was made: its time, and that of the wall clock.
  nonisolated let origin: (now: UInt64, wallClock: UInt64)
  /// Runs the handlers of the engine's own workers and of stubs, where the clock is manual.
  nonisolated let executor: HandlerExecutor?
  private let settleFlag = SettleFlag()
  private var settleWatch: SettleWatch?
  /// Where the engine listens for workers, as URLs in the order of its configuration.
  nonisolated let addresses = Lock<[String]>([])
  /// The listeners for workers, once they are open: a restart keeps their ports.
  var bound: [BoundListener] = []
  var sleepers = Sleepers()
  var isAdvancing = false
  /// The timer that looks whether time stands still while calls wait.
  var standstill: TimerToken?
  var hasWarnedOfStandstill = false
  private(set) var faultTable: FaultTable?
  nonisolated let faultNumbers = Lock(0)
  /// The loop and the time of workers that `MockEngine.registerWorker` connects.
  private(set) var host: LoopHost?
  private var waiters: [UInt64: Waiter] = [:]
  private var nextWaiter: UInt64 = 0
  private(set) var hasEnded = false
  /// Ends waits that take too long, by real time on every clock: a manual clock does not move while a test waits.
  private var watchdog: LoopTimers?

  private struct Waiter {
    let what: Awaited
    let timer: TimerToken?
    let continuation: CheckedContinuation<Void, any Error>
  }

  /// What a test waits for.
  enum Awaited: Hashable {
    case function(ByteKey)
    case worker(named: ByteKey)
    case triggerType(ByteKey)
    /// A trigger that is in force, by its id.
    case trigger(ByteKey)
    /// So many denials of what has an id that matches a pattern.
    case denial(WildcardPattern, count: Int)
    /// So many calls of what has an id that matches a pattern, or the ends of so many.
    case invocation(WildcardPattern, count: Int)
    case completion(WildcardPattern, count: Int)
    /// Anything that happens in the engine after so many changes.
    case change(after: UInt64)
    /// An entry of the journal above a number.
    case entry(after: UInt64)
    /// So many calls of a stub.
    case stub(UInt64, functionID: String, count: Int)
    /// So many dead letters of a queue.
    case deadLetter(ByteKey, count: Int)
    /// The end of the engine.
    case end

    /// Whether it is looked for whenever the router was at work.
    var isWatched: Bool {
      switch self {
      case .invocation, .completion, .change, .entry, .stub, .deadLetter: true
      case .function, .worker, .triggerType, .trigger, .denial, .end: false
      }
    }

    /// For errors: `function 'orders::price'`.
    var text: String {
      switch self {
      case .function(let id): "function '\(id)'"
      case .worker(let name): "a worker named '\(name)'"
      case .triggerType(let id): "trigger type '\(id)'"
      case .trigger(let id): "trigger '\(id)'"
      case .denial(let pattern, let count):
        count == 1 ? "a denial of '\(pattern.text)'" : "\(count) denials of '\(pattern.text)'"
      case .invocation(let pattern, let count):
        count == 1 ? "a call of '\(pattern.text)'" : "\(count) calls of '\(pattern.text)'"
      case .completion(let pattern, let count):
        count == 1 ? "the end of a call of '\(pattern.text)'" : "the ends of \(count) calls of '\(pattern.text)'"
      case .change, .entry: "a change"
      case .stub(_, let id, let count): "call \(count) of the stub of '\(id)'"
      case .deadLetter(let queue, let count):
        count == 1 ? "a dead letter of queue '\(queue)'" : "\(count) dead letters of queue '\(queue)'"
      case .end: "the engine's end"
      }
    }

    var name: String {
      switch self {
      case .function(let name), .worker(let name), .triggerType(let name), .trigger(let name): name.text
      case .denial(let pattern, _), .invocation(let pattern, _), .completion(let pattern, _): pattern.text
      case .stub(_, let id, _): id
      case .deadLetter(let queue, _): queue.text
      case .end, .change, .entry: ""
      }
    }
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(_ configuration: MockEngine.Configuration, time: TimeSource) throws(UVError) {
    let loop = try Loop(name: "iii-engine")
    self.loop = loop
    self.time = time
    self.configuration = configuration
    origin = (time.now, time.wallClock)
    let flag = settleFlag
    // A watch that waits looks again in a new turn of the loop.
    executor = time.isManual ? HandlerExecutor { if flag.isSet { loop.post {} } } : nil
  }

  // MARK: Life

  /// Listens at every address of the configuration, or at none.
  func start() throws(MockEngineError) {
    let engine = Engine(on: loop, time: time, configuration, commands, stubs: stubCommands)
    host = makeHost(engine)
    if let executor { loop.beforeStep = { executor.waitUntilIdle() } }
    try open(engine)
  }

  /// Lets an engine listen, at the ports of an earlier one if there was one.
  private func open(_ engine: Engine, keepingStateOf old: Engine? = nil) throws(MockEngineError) {
    self.engine = engine
    engine.core = self
    engine.stubs.runner = StubRunner(loop: loop, executor: executor) { [weak engine] in engine?.answer($0, $1) }
    recorder = engine.journal
    faultTable = engine.faults
    engine.journal.onChange = { [weak self] in self?.assumeIsolated { $0.wakeWatchers() } }
    engine.onEvent = { [weak self] event in self?.assumeIsolated { $0.wake(event) } }
    var listeners: [BoundListener] = []
    for (number, listener) in configuration.listeners.enumerated() {
      let address = try listen(
        listener, number: number, at: bound.isEmpty ? nil : bound[number].address.port, engine)
      listeners.append(BoundListener(settings: listener, number: number, address: address))
    }
    bound = listeners
    let urls = bound.map(\.url)
    try engine.startBuiltIns()
    if let old { engine.takeOver(old) }
    addresses.withLock { $0 = urls }
    for url in urls { engine.note(.listening(url: url)) }
  }

  /// Ends all connections, and begins again at the same ports. Workers connect again by themselves.
  func restart(keepingState: Bool) async throws {
    guard let old = engine, !hasEnded else { throw MockEngineError.stopped }
    settleWatch?.endAll(.stopped)
    settleWatch = nil
    let sockets = old.listeners.handOver()
    old.shutDown()
    old.onEvent = nil
    // Until the new one is there, nothing finds an engine.
    engine = nil
    await old.storage.close()
    guard !hasEnded else {
      for socket in sockets { socket.close() }
      throw MockEngineError.stopped
    }
    let engine = Engine(on: loop, time: time, configuration, commands, stubs: stubCommands, restarting: old)
    engine.listeners.inherit(sockets)
    defer { engine.listeners.closeInherited() }
    try open(engine, keepingStateOf: keepingState ? old : nil)
    // What was kept on disk is there again.
    if !keepingState { engine.resetBuiltIns() }
    // What was posted to the loop before may still refer to the former engine.
    let former = LoopBound(old, on: loop)
    loop.post { withExtendedLifetime(former) {} }
  }

  /// Forgets what tests have set and what was kept; workers stay connected.
  func reset() throws {
    guard let engine else { throw MockEngineError.stopped }
    commands.discard()
    engine.applyStubCommands()
    engine.reset()
    clearJournal()
  }

  private func makeHost(_ engine: Engine) -> LoopHost {
    var randomness: (@Sendable () -> SeededRandom)?
    if let random = engine.random { randomness = { random.child() } }
    let callBegan: @Sendable () -> Void = { [weak self] in
      guard let self else { return }
      assumeIsolated { $0.callBegan() }
    }
    // Timers of its own: the workers outlive a restart of the engine.
    return LoopHost(
      on: loop, source: time,
      control: HostControl(
        executor: executor, randomness: randomness, callBegan: time.isManual ? callBegan : nil))
  }

  /// Ends all connections and the loop; returns what `uv_loop_close` said.
  func shutDown() async -> Int {
    guard !hasEnded else { return 0 }
    hasEnded = true
    host?.abandonWorkers()
    host?.timers.close()
    host = nil
    let storage = engine?.storage
    sleepers.endAll()
    settleWatch?.endAll(.stopped)
    settleWatch = nil
    engine?.noteUnmatchedFaults()
    engine?.shutDown()
    engine?.onEvent = nil
    recorder?.onChange = nil
    recorder?.isWatched = false
    engine = nil
    let left = waiters.valuesInOrder
    waiters = [:]
    watchdog?.close()
    watchdog = nil
    for waiter in left { waiter.continuation.resume(throwing: MockEngineError.stopped) }
    await storage?.close()
    executor?.retire()
    return await loop.stop()
  }

  var diagnostics: [Diagnostic] { engine?.diagnostics ?? [] }

  var logs: [EngineLogRecord] { withBuiltIn(ObservabilityWorker.self) { $0.observability.logs?.all ?? [] } ?? [] }

  /// Runs `body` with the built-in worker of a type, on the loop; `nil` if the engine does not have it, or has stopped.
  ///
  /// What the worker asks of its host meanwhile is done afterwards.
  func withBuiltIn<Worker: BuiltInWorker, Result: Sendable>(
    _ type: Worker.Type, _ body: @Sendable (Worker) throws -> Result
  ) rethrows -> Result? {
    try engine?.builtIn(type).map(body)
  }

  /// As `withBuiltIn`, where the engine is to have the worker.
  ///
  /// - Throws: Why it does not have it, or what `body` throws.
  func ask<Worker: BuiltInWorker, Result: Sendable>(
    _ builtIn: MockEngine.BuiltIn, _ body: @Sendable (Worker) throws -> Result
  ) throws -> Result {
    if let worker = engine?.builtIn(Worker.self) { return try body(worker) }
    throw hasEnded ? MockEngineError.stopped : MockEngineError.builtInIsOff(builtIn)
  }

  // MARK: Settling

  /// How long nothing may happen, in real time, until somebody is told.
  var patience: Duration { configuration.settlePatience }

  /// The watch that waits until nothing is under way.
  func settling() throws -> SettleWatch {
    guard let engine, let host else { throw MockEngineError.stopped }
    if let settleWatch { return settleWatch }
    let executor = executor
    let watch = SettleWatch(
      on: loop, patience: configuration.settlePatience, flag: settleFlag,
      realTimers: watchdogTimers, engineNow: { engine.timers.now },
      inFlight: {
        let isIdle = executor?.isIdle ?? true
        return (isIdle ? [] : [.executor]) + (host.timers.hasDue ? [.timers] : []) + engine.inFlight
          + host.activity.map { InFlight($0) }
          + engine.stubs.running.map { .handler($0) }
      }, acknowledge: { engine.peers.acknowledge().map { .unacknowledged($0) } },
      stopAcknowledging: { engine.peers.stopAcknowledging() })
    settleWatch = watch
    return watch
  }

  /// Whether a handler is one of this engine's.
  func runs(_ activity: HandlerActivity) -> Bool {
    host.map { ObjectIdentifier($0) } == activity.owner || engine.map { ObjectIdentifier($0.stubs) } == activity.owner
  }

  func isInFlight(_ invocation: UUID128) -> Bool { engine?.router.invocations.contains(invocation) ?? false }

  // MARK: Access control

  /// How much was read of each connection that waits for its authentication.
  var bytesKeptForAuthentication: [Int] { engine?.authentications.keptBytes ?? [] }

  var denials: [AccessDenial] { engine?.access.denials.all ?? [] }

  func explainAccess(to functionID: String, by workerID: String) throws -> AccessExplanation {
    guard let engine else { throw MockEngineError.stopped }
    guard let explanation = engine.explainAccess(to: functionID, by: workerID) else {
      throw MockEngineError.notConnected(workerID: workerID)
    }
    return explanation
  }

  func waitForDenial(of pattern: WildcardPattern, count: Int, within limit: Duration) async throws -> AccessDenial {
    try await wait(for: .denial(pattern, count: max(count, 1)), within: limit)
    guard let denial = engine?.access.denial(of: pattern, number: max(count, 1)) else { throw MockEngineError.stopped }
    return denial
  }

  // MARK: Waiting

  /// Suspends until what is awaited is there; it may be there already. It throws after `limit`.
  func wait(for what: Awaited, within limit: Duration? = nil) async throws {
    let number = nextWaiter
    nextWaiter += 1
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        // Checked here and not before: the loop may have run between the call and these closures.
        if hasEnded {
          continuation.resume(throwing: MockEngineError.stopped)
        } else if Task.isCancelled {
          continuation.resume(throwing: CancellationError())
        } else if isThere(what) {
          continuation.resume()
        } else {
          waiters[number] = Waiter(what: what, timer: watch(number, what, limit), continuation: continuation)
          if what.isWatched { recorder?.isWatched = true }
        }
      }
    } onCancel: {
      Task(executorPreference: loop) { await self.forget(number) }
    }
  }

  private func forget(_ number: UInt64) { end(number, CancellationError()) }

  private func end(_ number: UInt64, _ error: any Error) {
    guard let waiter = waiters.removeValue(forKey: number) else { return }
    if let timer = waiter.timer { watchdog?.cancel(timer) }
    waiter.continuation.resume(throwing: error)
  }

  /// Timers of real time, on every clock.
  var watchdogTimers: LoopTimers {
    let timers = watchdog ?? LoopTimers(on: loop, source: .system)
    watchdog = timers
    return timers
  }

  /// Ends a wait after `limit`.
  private func watch(_ number: UInt64, _ what: Awaited, _ limit: Duration?) -> TimerToken? {
    guard let limit else { return nil }
    return watchdogTimers.schedule(after: limit) { [weak self] in
      self?.assumeIsolated { $0.end(number, MockEngineError.timedOut($0.missing(what, within: limit))) }
    }
  }

  /// The text for a wait that took too long: what there is, and the name that was probably meant.
  private func missing(_ what: Awaited, within limit: Duration) -> String {
    let names: [String]
    let kind: String
    switch what {
    case .function:
      // Those of the engine are always there.
      names =
        engine?.router.functions.all.filter { if case .builtIn = $0.target { false } else { true } }
        .map(\.name.key.text) ?? []
      kind = "functions"
    case .triggerType:
      names = engine?.router.triggers.allTypes.map(\.id.text).filter { !$0.hasPrefix("engine::") } ?? []
      kind = "trigger types"
    case .trigger:
      names = engine?.triggerIDs ?? []
      kind = "triggers"
    case .worker:
      names = engine?.router.workers.all.compactMap(\.metadata.name) ?? []
      kind = "workers"
    case .denial:
      let all = engine?.access.denials.all ?? []
      let list = all.suffix(20).map(\.description).joined(separator: "; ")
      return "\(what.text) did not come within \(limit): "
        + (all.isEmpty ? "nothing was denied" : "denied were: \(list)")
    case .invocation(let pattern, let count):
      return verification(of: pattern.text, expected: CallVerification.expectation(count...)).text + " within \(limit)"
    case .completion(let pattern, let count):
      let ended = calls(of: pattern).ended
      return "\(ended) calls of '\(pattern.text)' ended within \(limit), expected \(count): "
        + verification(of: pattern.text, expected: CallVerification.expectation(count...)).text
    case .stub(let number, let id, let count):
      let called = engine?.stubs.callCount(of: number) ?? 0
      return "the stub of '\(id)' was called \(called) times within \(limit), expected \(count): "
        + verification(of: id, expected: CallVerification.expectation(count...)).text
    case .change, .entry: return "nothing happened in the engine within \(limit)"
    case .deadLetter(let queue, _):
      return "\(what.text) did not come within \(limit): "
        + (engine?.builtIn(QueueWorker.self)?.summary(of: queue) ?? "the engine has no queues")
    case .end: return "the engine has not ended within \(limit)"
    }
    let sorted = Set(names).sorted()
    let nearest = NearestName.of(what.name, among: sorted).map { " (did you mean '\($0)'?)" } ?? ""
    let shown = sorted.prefix(20).map { "'\($0)'" }.joined(separator: ", ")
    let more = sorted.count > 20 ? " and \(sorted.count - 20) more" : ""
    let list = sorted.isEmpty ? "there are no \(kind)" : "the \(kind) are \(shown)\(more)"
    return "\(what.text) did not appear within \(limit)\(nearest): \(list)"
  }

  private func isThere(_ what: Awaited) -> Bool {
    guard let engine else { return false }
    return switch what {
    case .end: false
    case .invocation(let pattern, let count): engine.calls(of: pattern).invoked >= count
    case .completion(let pattern, let count): engine.calls(of: pattern).ended >= count
    case .stub(let number, _, let count): engine.stubs.callCount(of: number) >= count
    case .change(let seen): engine.journal.changes > seen
    case .entry(let number): engine.journal.hasEntries(after: number)
    case .denial(let pattern, let count): engine.access.denial(of: pattern, number: count) != nil
    case .deadLetter(let queue, let count): engine.builtIn(QueueWorker.self)?.has(count, deadLettersOf: queue) ?? false
    case .function(let id): engine.hasFunction(id)
    case .triggerType(let id): engine.hasTriggerType(id)
    case .trigger(let id): engine.hasTrigger(id)
    case .worker(let name): engine.hasWorker(named: name)
    }
  }

  private func wake(_ event: EngineEvent) {
    guard !waiters.isEmpty else { return }
    switch event {
    case .accessDenied: wakeForDenials()
    case .functionRegistered(let id, _, _): wake(.function(ByteKey(id)))
    case .triggerTypeRegistered(let id, _): wake(.triggerType(ByteKey(id)))
    case .triggerRegistered(let id, _, _, _): wake(.trigger(ByteKey(id)))
    case .workerNamed(let label): if let name = label.name { wake(.worker(named: ByteKey(name))) }
    default: break
    }
  }

  private func wakeForDenials() {
    for case .denial(let pattern, let count) in waiters.valuesInOrder.map(\.what)
    where engine?.access.denial(of: pattern, number: count) != nil {
      wake(.denial(pattern, count: count))
    }
  }

  /// Ends the waits for calls and changes that are over.
  private func wakeWatchers() {
    // In the order of the waits; those for one thing end together, and need no second look.
    var looked: Set<Awaited> = []
    for what in waiters.valuesInOrder.map(\.what) where what.isWatched && looked.insert(what).inserted && isThere(what)
    {
      wake(what)
    }
    recorder?.isWatched = waiters.values.contains { $0.what.isWatched }
  }

  private func wake(_ what: Awaited) {
    for (number, waiter) in waiters.sorted(by: { $0.key < $1.key }) where waiter.what == what {
      waiters[number] = nil
      if let timer = waiter.timer { watchdog?.cancel(timer) }
      waiter.continuation.resume()
    }
  }
}

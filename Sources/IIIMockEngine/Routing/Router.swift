internal import III

/// The kernel as a plain value: connected workers, functions, calls in flight, triggers, and what each message changes in
/// them. Messages and other effects go to a `RouterOutput`.
struct Router {
  let compatibility: Compatibility
  private(set) var trace: TracePolicy
  var workers = SlotTable<WorkerRecord>()
  private(set) var busy = BusyWorkers()
  let access: AccessGate
  let journal: JournalRecorder
  let stubs: StubTable
  let faults: FaultTable
  var functions = FunctionRegistry()
  var invocations = InvocationTable()
  var triggers: TriggerRegistry
  var counters = InvocationCounters()
  /// The time of the present read: the clock is read once for all messages of a read.
  var now: UInt64 = 0

  /// The built-in workers, by the index of their ids, and what they have asked for.
  private(set) var builtIns: [BuiltInInstance]
  private(set) var builtInNames: [String]
  /// The built-in worker that has the queues, if the engine has it.
  private(set) var queues: QueueWorker?
  /// The built-in worker that calls functions over HTTP, if the engine has it.
  private(set) var httpFunctions: HTTPFunctionsWorker?
  let outbox = Outbox()
  /// Requests of the outbox that are still done in this turn.
  var remainingBudget = Router.outboxBudget
  var engineCalls = EngineCallTable()
  var lateReplies: [ReplyToken: WaitingReply] = [:]
  /// Ids, where the engine has a seed.
  private let random: SeededRandom?
  /// The workers that are part of the engine, as listings show them.
  private(set) var inProcess: [InProcessWorker]

  /// Connections by their worker's id, for `reattach`.
  private var peersByID = IDTable<PeerID>()

  init(
    compatibility: Compatibility, isTracingEnabled: Bool, builtIns workers: [any BuiltInWorker],
    access: AccessGate = AccessGate([.init()]), journal: JournalRecorder = .none, faults: FaultTable? = nil,
    random: SeededRandom? = nil, stubs: StubTable = StubTable(), startedAtMilliseconds time: Int64
  ) {
    self.compatibility = compatibility
    self.access = access
    self.journal = journal
    self.random = random
    self.stubs = stubs
    self.faults = faults ?? FaultTable(journal)
    let builtIns = workers.enumerated().map { index, worker in
      BuiltInInstance(worker, id: BuiltInID(index: UInt16(index)), compatibility: compatibility)
    }
    self.builtIns = builtIns
    builtInNames = builtIns.map(\.manifest.name)
    queues = builtIns.lazy.compactMap { $0.worker as? QueueWorker }.first
    httpFunctions = builtIns.lazy.compactMap { $0.worker as? HTTPFunctionsWorker }.first
    inProcess = InProcessWorker.all(builtIns, listeners: access.listeners.count, atMilliseconds: time)
    triggers = TriggerRegistry(
      parks: compatibility.reportsTriggerErrors, types: builtIns.flatMap(\.triggerTypes))
    trace = TracePolicy(compatibility: compatibility, isTracingEnabled: isTracingEnabled, random: random)
    for entry in builtIns.flatMap(\.entries) { functions.register(entry) }
    functions.markUnchanged()
  }

  // MARK: A changed configuration

  /// A built-in worker was started: its functions and types are there, and it is shown the triggers that waited for them.
  mutating func add(_ worker: any BuiltInWorker, _ id: BuiltInID, _ output: some RouterOutput) {
    let instance = BuiltInInstance(worker, id: id, compatibility: compatibility)
    builtIns.append(instance)
    builtInsChanged()
    for entry in instance.entries where functions.entry(entry.name.key)?.target.owner == nil {
      functions.register(entry)
    }
    for type in instance.triggerTypes where triggers.type(type.id) == nil {
      for trigger in triggers.register(builtInType: type) { offer(trigger, to: id, output) }
    }
    tellFunctionsChanged()
  }

  /// A built-in worker ends: calls of its functions that it has not answered fail.
  mutating func remove(_ worker: any BuiltInWorker, _ output: some RouterOutput) {
    guard let index = builtIns.firstIndex(where: { $0.worker === worker }) else { return }
    let id = builtIns[index].id
    // Answers, timers and turns that are on their way find a worker that does nothing.
    builtIns[index] = BuiltInInstance(RemovedWorker(), id: id, compatibility: compatibility)
    builtInsChanged()
    triggers.unregisterTypes(of: id)
    let removed = functions.unregisterAll(ofBuiltIn: id)
    let unanswered = lateReplies.filter { reply in removed.contains { $0 === reply.value.name } }
    for (token, waiting) in unanswered.sorted(by: { $0.key < $1.key }) {
      lateReplies[token] = nil
      outbox.release(token)
      settle(waiting, .failure(.stopped), output)
    }
    for name in removed { journal.counts.retire(name) }
    tellFunctionsChanged()
  }

  mutating func setTracing(_ isEnabled: Bool) { trace.isTracingEnabled = isEnabled }

  private mutating func builtInsChanged() {
    builtInNames = builtIns.map(\.manifest.name)
    queues = builtIns.lazy.compactMap { $0.worker as? QueueWorker }.first
    httpFunctions = builtIns.lazy.compactMap { $0.worker as? HTTPFunctionsWorker }.first
  }

  /// What listings show of the engine's own workers; those that were there before keep their time.
  mutating func updateListings(at time: Int64) {
    let all = InProcessWorker.all(builtIns, listeners: access.openListeners.count, atMilliseconds: time)
    inProcess = all.map { row in
      let before = inProcess.first { $0.id == row.id }
      return InProcessWorker(
        id: row.id, name: row.name, functionCount: row.functionCount,
        connectedAtMilliseconds: before?.connectedAtMilliseconds ?? time)
    }
  }

  /// What the messages of a worker are checked against from now on; `nil`: they are not checked.
  mutating func setGuard(of peer: PeerID, _ access: ConnectionAccess?) { busy.set(access, of: peer) }

  /// A new id: an unpredictable one, or the next of the engine's seed.
  func newID() -> UUID128 { random?.id() ?? .random() }

  // MARK: Connections

  /// Gives a new worker its place; `welcome` follows once messages can be sent to it.
  mutating func admit(
    ipAddress: String?, atMilliseconds time: Int64, access connection: ConnectionAccess? = nil
  ) -> PeerID {
    let connection = connection ?? access.unrestricted(on: 0)
    let id = newID()
    let token = newID()
    let peer = workers.insert {
      WorkerRecord(
        peer: $0, id: id, reattachToken: token, connectedAtMilliseconds: time, ipAddress: ipAddress,
        access: connection)
    }
    busy.begin(peer, id: id, access: connection.isGuarded ? connection : nil)
    _ = peersByID.set(id, peer)
    counters.workerCame()
    return peer
  }

  /// Sends a new worker its id, the first message.
  mutating func welcome(_ peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer] else { return }
    let token = compatibility.offersReattach ? worker.reattachToken : nil
    send(.workerRegistered(id: worker.id, reattachToken: token), to: peer, output)
    output.note(.workerConnected(worker.label))
    tell(.connected, of: worker.id)
  }

  /// A worker's connection has ended. Its functions are removed first, then the calls in which it took part.
  mutating func disconnect(_ peer: PeerID, because reason: String, _ output: some RouterOutput) {
    guard let worker = workers.remove(peer) else { return }
    _ = peersByID.remove(worker.id)
    now = output.now
    counters.workerLeft()
    let label = worker.label
    let removed = functions.unregisterAll(of: peer)
    if !removed.isEmpty { tellFunctionsChanged() }
    for entry in removed {
      journal.counts.retire(entry.name)
      output.note(.functionUnregistered(id: entry.name.text, worker: label))
    }
    for invocation in invocations.removeAll(of: peer) {
      ended(invocation, succeeded: false)
      guard invocation.callee == peer && invocation.caller != peer else { continue }
      fail(invocation, .stopped, output)
    }
    busy.end(peer)
    endTriggers(of: worker, output)
    output.note(.workerDisconnected(label, reason: reason))
    tell(.disconnected, of: worker.id)
  }

  /// Adds to a worker's count of calls that the engine itself answers, if the worker is still there.
  mutating func count(_ change: Int, _ peer: PeerID) { busy.add(change, to: peer) }

  /// Updates the counts of a function whose call has ended.
  mutating func ended(_ invocation: Invocation, succeeded: Bool) {
    invocation.name.calls &+= 1
    invocation.name.ended &+= 1
    counters.ended(succeeded: succeeded, after: now > invocation.begun ? now &- invocation.begun : 0)
  }

  // MARK: Messages

  /// One message of a worker; text and binary messages are read alike.
  mutating func receive(_ bytes: ByteView, from peer: PeerID, _ output: some RouterOutput) {
    var envelope = Envelope(of: bytes)
    do throws(Envelope.Failure) {
      try envelope.scan(maxDepth: Envelope.engineMaxDepth)
    } catch {
      if !bytes.isBlank { ignore(nil, FrameProblem(error), from: peer, output) }
      return
    }
    handle(envelope, from: peer, output)
  }

  // Not inlined: the variable that `scan` fills would be copied for each use, with all its places. A parameter is not.
  @inline(never) private mutating func handle(
    _ envelope: borrowing Envelope, from peer: PeerID, _ output: some RouterOutput
  ) {
    journal.decoded(envelope)
    let connection = access.isActive ? checkedAccess(of: peer) : nil
    let isGuarded = connection != nil
    if let connection, connection.isWaiting, holds(envelope.kind, envelope.bytes, connection, from: peer, output) {
      return
    }
    do throws(FrameProblem) {
      switch envelope.kind {
      case .invokeFunction:
        let frame = try InvocationFrame(envelope)
        if let connection, !admits(frame, connection, from: peer, output) { return }
        invoke(frame, from: peer, output)
      case .invocationResult: answer(try ResultFrame(envelope), from: peer, output)
      case .registerFunction where isGuarded:
        try request(FunctionRegistrationFrame(envelope), from: peer, output)
      case .registerFunction: try register(FunctionRegistrationFrame(envelope), from: peer, output)
      case .unregisterFunction:
        let id = try FunctionUnregistrationFrame(envelope).id
        unregister(function: isGuarded ? prefixed(id.text, peer) : id.key, from: peer, output)
      // Only checked: no listing and no answer shows services.
      case .registerService: _ = try ServiceRegistrationFrame(envelope)
      case .ping:
        if envelope.isRepeated(.type) { throw .repeated(.type) }
        send(.pong, to: peer, output)
      case .pong, .workerRegistered: break
      case .reattach where compatibility.offersReattach: reattach(try ReattachFrame(envelope), from: peer, output)
      case .registerTriggerType where isGuarded:
        request(try TriggerTypeRegistrationFrame(envelope), from: peer, output)
      case .registerTriggerType: register(try TriggerTypeRegistrationFrame(envelope), from: peer, output)
      case .unregisterTriggerType where compatibility.endsTriggerTypes:
        unregister(try TriggerTypeUnregistrationFrame(envelope), from: peer, output)
      case .registerTrigger where isGuarded: request(try TriggerRegistrationFrame(envelope), from: peer, output)
      case .registerTrigger: register(try TriggerRegistrationFrame(envelope), from: peer, output)
      case .unregisterTrigger:
        let frame = try TriggerUnregistrationFrame(envelope)
        if isGuarded { warnOfForeignTrigger(frame.id.key, peer, output) }
        unregister(frame, from: peer, output)
      case .triggerRegistrationResult: answer(try TriggerRegistrationResultFrame(envelope), from: peer, output)
      case .reattach, .unregisterTriggerType, .registrationRejected, .error, nil: throw envelope.typeProblem
      }
    } catch {
      ignore(envelope.kind, error, from: peer, output)
    }
  }

  private func ignore(
    _ kind: FrameKind?, _ problem: FrameProblem, from peer: PeerID, _ output: some RouterOutput
  ) {
    guard let worker = workers[peer] else { return }
    output.note(
      .frameIgnored(
        Diagnostic(
          worker: worker.label, kind: kind.map { "\($0.name)" } ?? "frame", problem: problem.description,
          hint: problem.hint)))
  }

  /// A new connection of a worker whose old one still seems to be connected: the old one is dropped if the token fits.
  private mutating func reattach(_ frame: ReattachFrame, from peer: PeerID, _ output: some RouterOutput) {
    guard let token = frame.token, let place = peersByID[frame.previousWorkerID], let old = workers[place],
      old.peer != peer, old.reattachToken == token
    else { return }
    disconnect(old.peer, because: "replaced by a new connection of the same worker", output)
    output.drop(old.peer, because: "replaced")
  }
}

internal import III

/// The heart of the engine, as a plain value: who is connected, which functions there are, which calls are in flight,
/// and what each message does to them. What it does to the outside goes to a `RouterOutput`.
struct Router {
  let compatibility: Compatibility
  let trace: TracePolicy
  var workers = SlotTable<WorkerRecord>()
  private(set) var busy = BusyWorkers()
  var functions = FunctionRegistry()
  var invocations = InvocationTable()
  var triggers: TriggerRegistry
  var observability: Observability
  /// When what is being read came: one look at the clock serves all messages of a read.
  var now: UInt64 = 0
  /// Names of services (`registerservice`); nothing lists them.
  var services: [ByteKey: ByteKey] = [:]

  /// The workers that are part of the engine.
  let inProcess: [InProcessWorker]

  init(
    compatibility: Compatibility, isTracingEnabled: Bool, observability: ObservabilitySettings,
    inProcess: [InProcessWorker] = []
  ) {
    self.compatibility = compatibility
    self.inProcess = inProcess
    self.observability = Observability(observability)
    triggers = TriggerRegistry(
      parks: compatibility.reportsTriggerErrors, types: EngineTriggerType.provided(with: observability))
    trace = TracePolicy(compatibility: compatibility, isTracingEnabled: isTracingEnabled)
    for entry in BuiltIn.entries { functions.register(entry) }
    _ = functions.takeChange()
  }

  // MARK: Connections

  /// Gives a new worker its place; `welcome` follows once messages can be sent to it.
  mutating func admit(ipAddress: String?, atMilliseconds time: Int64) -> PeerID {
    let id = UUID128.random()
    let peer = workers.insert {
      WorkerRecord(
        peer: $0, id: id, reattachToken: .random(), connectedAtMilliseconds: time, ipAddress: ipAddress)
    }
    busy.begin(peer, id: id)
    observability.counters.workerCame()
    return peer
  }

  /// The first thing that a worker hears is its id.
  mutating func welcome(_ peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer] else { return }
    let token = compatibility.offersReattach ? worker.reattachToken : nil
    output.send(.workerRegistered(id: worker.id, reattachToken: token), to: peer)
    output.note(.workerConnected(worker.label))
    fire(.connected, of: worker.id, output)
  }

  /// A worker's connection has ended. Its functions go first, then the calls in which it took part.
  mutating func disconnect(_ peer: PeerID, because reason: String, _ output: some RouterOutput) {
    guard let worker = workers.remove(peer) else { return }
    now = output.now
    observability.counters.workerLeft()
    let label = worker.label
    for entry in functions.unregisterAll(of: peer) {
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
    fire(.disconnected, of: worker.id, output)
  }

  /// Adds to a worker's count of calls, if it is still there.
  mutating func count(_ change: Int, _ peer: PeerID) { busy.add(change, to: peer) }

  /// A call is over for those who took part.
  mutating func ended(_ invocation: Invocation, succeeded: Bool) {
    invocation.name.calls &+= 1
    observability.counters.ended(succeeded: succeeded, after: now > invocation.begun ? now &- invocation.begun : 0)
    count(-1, invocation.callee)
    if invocation.caller != invocation.callee { count(-1, invocation.caller) }
  }

  // MARK: Messages

  /// One message of a worker: text or binary, it is read alike.
  mutating func receive(_ bytes: ByteView, from peer: PeerID, _ output: some RouterOutput) {
    var envelope = Envelope(of: bytes)
    do throws(Envelope.Failure) {
      try envelope.scan(maxDepth: Envelope.engineMaxDepth)
    } catch {
      if !bytes.isBlank { ignore(nil, FrameProblem(error), from: peer, output) }
      return
    }
    do throws(FrameProblem) {
      switch envelope.kind {
      case .invokeFunction: invoke(try InvocationFrame(envelope), from: peer, output)
      case .invocationResult: answer(try ResultFrame(envelope), from: peer, output)
      case .registerFunction: try register(FunctionRegistrationFrame(envelope), from: peer, output)
      case .unregisterFunction: unregister(try FunctionUnregistrationFrame(envelope), from: peer, output)
      case .registerService: register(try ServiceRegistrationFrame(envelope))
      case .ping:
        if envelope.isRepeated(.type) { throw .repeated(.type) }
        output.send(.pong, to: peer)
      case .pong, .workerRegistered: break
      case .reattach where compatibility.offersReattach: reattach(try ReattachFrame(envelope), from: peer, output)
      case .registerTriggerType: register(try TriggerTypeRegistrationFrame(envelope), from: peer, output)
      case .unregisterTriggerType where compatibility.endsTriggerTypes:
        unregister(try TriggerTypeUnregistrationFrame(envelope), from: peer, output)
      case .registerTrigger: register(try TriggerRegistrationFrame(envelope), from: peer, output)
      case .unregisterTrigger: unregister(try TriggerUnregistrationFrame(envelope), from: peer, output)
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

  private mutating func register(_ frame: ServiceRegistrationFrame) {
    let name = frame.name?.key ?? ""
    services[name.isEmpty ? frame.id.key : name] = frame.id.key
  }

  /// A new connection of a worker that still seems connected: the old one, if the token is its own, goes now.
  private mutating func reattach(_ frame: ReattachFrame, from peer: PeerID, _ output: some RouterOutput) {
    guard let token = frame.token,
      let old = workers.all.first(where: { $0.id == frame.previousWorkerID }),
      old.peer != peer, old.reattachToken == token
    else { return }
    disconnect(old.peer, because: "replaced by a new connection of the same worker", output)
    output.drop(old.peer, because: "replaced")
  }
}

internal import III

/// A call of a built-in function that has not been answered yet.
struct WaitingReply {
  /// The call's id; `nil` if no connection waits for the answer.
  let id: UUID128?
  let caller: PeerID
  let name: FunctionName
  let trace: TraceHeaders?
  /// By the engine's time source.
  let begun: UInt64
  /// Whether it counts among the engine's calls; what is put into a queue does not.
  var isCall = true
}

extension Router {
  /// How long a condition may take before the log says so.
  static let conditionPatience = Duration.seconds(5)
  /// Requests of the outbox that are done before other connections have their turn.
  static let outboxBudget = 1024

  /// The tables as a built-in worker sees them.
  private var view: KernelView {
    KernelView(
      compatibility: compatibility, functions: functions, workers: workers, busy: busy, invocations: invocations,
      triggers: triggers, counters: counters, access: access, stubs: stubs, inProcess: inProcess,
      builtInNames: builtInNames)
  }

  // MARK: Calls of built-in functions

  /// A worker calls a built-in function; without an id it waits for no answer.
  mutating func call(
    _ target: BuiltInTarget, _ frame: InvocationFrame, name: FunctionName, id: UUID128?, trace: TraceHeaders?,
    from peer: PeerID, _ output: some RouterOutput
  ) {
    if id != nil { count(1, peer) }  // a listing counts itself
    let waiting = WaitingReply(id: id, caller: peer, name: name, trace: trace, begun: now)
    let call = BuiltInCall(
      data: frame.data, sender: peer, wantsReply: id != nil, baggage: frame.baggage, traceparent: frame.traceparent,
      metadata: frame.metadata)
    settle(waiting, execute(target, call), output)
  }

  /// In a function of its own, so that the view's references to the tables end before these are changed.
  @inline(never) private func execute(_ target: BuiltInTarget, _ call: BuiltInCall) -> BuiltInReply {
    let instance = builtIns[Int(target.worker.index)]
    let function = instance.functions[Int(target.function)]
    do throws(BuiltInInput.Mismatch) {
      return try instance.worker.call(function, call, view)
    } catch {
      return .failure(.badInput(function.id, error.reason))
    }
  }

  mutating func settle(_ waiting: WaitingReply, _ reply: BuiltInReply, _ output: some RouterOutput) {
    let outcome: OutgoingFrame.Outcome
    switch reply {
    case .later(let token):
      lateReplies[token] = waiting
      return
    case .nothing: outcome = .nothing
    case .bytes(let bytes): outcome = .json(bytes)
    case .failure(let failure):
      note(failure, of: waiting.name, caller: waiting.caller, output)
      outcome = .failure(failure)
    }
    let succeeded = if case .failure = outcome { false } else { true }
    if waiting.isCall {
      waiting.name.calls &+= 1
      waiting.name.ended &+= 1
      counters.ended(succeeded: succeeded, after: output.now &- waiting.begun)
    }
    if let key = waiting.caller.engineCall {
      switch reply {
      case .bytes(let bytes): bytes.withView { complete(key, .value($0), output) }
      case .failure(let failure): complete(key, .failure(failure), output)
      case .nothing, .later: complete(key, .nothing, output)
      }
    } else if let id = waiting.id, workers.contains(waiting.caller) {
      count(-1, waiting.caller)
      send(.result(id: id, name: waiting.name, outcome: outcome, trace: waiting.trace), to: waiting.caller, output)
    }
  }

  // MARK: The outbox

  /// Does what built-in workers have asked for, in order, as far as the turn's budget goes.
  mutating func emptyOutbox(_ output: some RouterOutput) {
    while remainingBudget > 0, let request = outbox.next() {
      remainingBudget -= 1
      switch request {
      case .call(let call): begin(call, output)
      case .reply(let token, let reply):
        if let waiting = lateReplies.removeValue(forKey: token) { settle(waiting, reply, output) }
      case .metadata(let metadata, let peer): set(metadata, of: peer, output)
      case .heldMessage(let peer): handleHeldMessage(of: peer, output)
      case .turn(let worker): giveTurn(to: worker)
      }
      // A request may be long: a function of the engine that a trigger of its own calls again, for instance.
      if output.isTurnOver { remainingBudget = 0 }
    }
  }

  private mutating func begin(_ call: EngineCall, _ output: some RouterOutput) {
    guard let entry = functions.route(call.functionID) else { return cannotBegin(call, output) }
    let key = call.purpose.map { purpose in
      engineCalls.insert(.init(caller: call.caller, functionID: call.functionID, purpose: purpose))
    }
    if let key { setTimer(of: key, call, output) }
    entry.name.invoked &+= 1
    deliver(call, key, to: entry, output)
  }

  /// Passes a call of the engine on to whoever has the function.
  mutating func deliver(
    _ call: EngineCall, _ key: EngineCallKey?, to entry: FunctionRegistry.Route, _ output: some RouterOutput
  ) {
    let caller = key.map { PeerID.engine($0) } ?? .none
    switch entry.target {
    case .stub: callStubbed(call, key, entry.name, output)
    case .builtIn(let target):
      let waiting = WaitingReply(id: nil, caller: caller, name: entry.name, trace: nil, begun: output.now)
      let reply = call.data.withView { data in
        (call.metadata ?? []).withView { metadata in
          execute(
            target,
            BuiltInCall(
              data: data, sender: .none, wantsReply: key != nil, metadata: call.metadata == nil ? nil : metadata))
        }
      }
      settle(waiting, reply, output)
    case .http:
      let waiting = WaitingReply(id: nil, caller: caller, name: entry.name, trace: nil, begun: output.now)
      settle(waiting, beginHTTP(entry.name, call.data, caller: nil), output)
    case .worker(let callee):
      let id = newID()
      _ = invocations.insert(id, caller: caller, callee: callee, name: entry.name, trace: nil, at: output.now)
      if let key { engineCalls[key]?.invocation = id }
      if call.delivery != nil { noteDelivery(call, to: callee) }
      let metadata = compatibility.forwardsMetadata ? call.metadata : nil
      let headers = call.trace.flatMap { trace.headers(ofQueued: $0) } ?? trace.ownHeaders
      entry.name.calleeQuoted.withView { name in
        call.data.withView { data in
          (metadata ?? []).withView { view in
            let invocation = OutgoingInvocation(
              id: id, functionID: name, data: data, caller: nil, trace: headers,
              metadata: metadata == nil ? nil : view,
              delivery: compatibility.extendsQueues ? call.delivery : nil)
            send(text: invocation, to: callee, output)
          }
        }
      }
    }
  }

  /// Tells the queues which worker has a job. Mutating, because the compiler would copy the router for each job.
  private mutating func noteDelivery(_ call: EngineCall, to callee: PeerID) {
    guard case .call(let token)? = call.purpose, let worker = workers[callee] else { return }
    queues?.deliveryBegun(token, with: worker)
  }

  private mutating func cannotBegin(_ call: EngineCall, _ output: some RouterOutput) {
    guard let purpose = call.purpose else {
      return output.note(
        .warning("\(name(of: call.caller)): function '\(call.functionID)' is not registered, so it was not called"))
    }
    let failure = InvocationFailure.functionNotFound(call.functionID.text)
    tell(call.caller, .failure(failure), of: call.functionID, purpose, output)
  }

  private mutating func setTimer(of key: EngineCallKey, _ call: EngineCall, _ output: some RouterOutput) {
    if case .condition = call.purpose {
      engineCalls[key]?.timer = output.schedule(
        .slowCondition(key), at: output.now.advanced(by: Router.conditionPatience))
    } else if case .access(let purpose) = call.purpose, purpose.blocks {
      engineCalls[key]?.timer = output.schedule(
        .slowAccess(key), at: output.now.advanced(by: AccessGate.patience))
    } else if let deadline = call.deadline {
      engineCalls[key]?.timer = output.schedule(.deadline(key), at: output.now.advanced(by: deadline))
    }
  }

  // MARK: The end of engine calls

  /// A call that the engine made has ended; the part of the engine that made it is told.
  mutating func complete(_ key: EngineCallKey, _ outcome: CallOutcome, _ output: some RouterOutput) {
    guard let call = engineCalls.remove(key) else { return }
    if let timer = call.timer { output.cancel(timer) }
    tell(call.caller, outcome, of: call.functionID, call.purpose, output)
  }

  private mutating func tell(
    _ caller: BuiltInID?, _ outcome: CallOutcome, of functionID: ByteKey, _ purpose: EngineCall.Purpose,
    _ output: some RouterOutput
  ) {
    switch purpose {
    case .access(let purpose): accessCompleted(purpose, of: functionID, outcome, output)
    case .enqueue(let waiting, let receipt): provided(waiting, receipt, outcome, output)
    case .call(let token):
      if let caller { builtIns[Int(caller.index)].worker.callCompleted(token, outcome) }
    case .condition(let token, let trigger):
      if let caller { decide(token, outcome, of: functionID, trigger, builtIns[Int(caller.index)], output) }
    }
  }

  private func name(of caller: BuiltInID?) -> String {
    caller.map { builtIns[Int($0.index)].manifest.name } ?? "access control"
  }

  private func decide(
    _ token: CallToken, _ outcome: CallOutcome, of functionID: ByteKey, _ trigger: ByteKey, _ instance: BuiltInInstance,
    _ output: some RouterOutput
  ) {
    let verdict = ConditionVerdict(outcome)
    if case .undecided(let failure) = verdict {
      output.note(
        .warning(
          "\(instance.manifest.name): condition function '\(functionID)' of trigger '\(trigger)' failed: "
            + "\(failure.code): \(failure.message)"))
    }
    instance.worker.conditionDecided(token, verdict)
  }

  // MARK: Timers and turns

  /// A timer is due that was set for a built-in worker or for one of its calls.
  mutating func timerFired(_ token: TimerToken, _ timer: KernelTimer, _ output: some RouterOutput) {
    beginTurn(output)
    switch timer {
    case .builtIn(let id): builtIns[Int(id.index)].worker.timerFired(token, view)
    case .deadline(let key):
      guard let call = engineCalls[key] else { return }
      engineCalls[key]?.timer = nil
      if let id = call.invocation, let invocation = invocations.remove(id) { ended(invocation, succeeded: false) }
      complete(key, .failure(.timedOut(call.functionID.text)), output)
    case .stub(let number): delayEnded(number, output)
    case .slowCondition(let key):
      guard let call = engineCalls[key], case .condition(_, let trigger) = call.purpose else { return }
      engineCalls[key]?.timer = nil
      output.note(
        .warning(
          "\(name(of: call.caller)): condition function '\(call.functionID)' of trigger "
            + "'\(trigger)' has not answered for \(Router.conditionPatience.components.seconds) s; the trigger waits "
            + "for it"))
    case .slowAccess(let key):
      guard let call = engineCalls[key], case .access(let purpose) = call.purpose else { return }
      engineCalls[key]?.timer = nil
      warnOfSlowCall(of: call.functionID, purpose, output)
    }
    emptyOutbox(output)
  }

  private func giveTurn(to worker: BuiltInID) { builtIns[Int(worker.index)].worker.turnCame(view) }

  /// The turn has come that a built-in worker asked for.
  mutating func turnCame(_ worker: BuiltInID, _ output: some RouterOutput) {
    beginTurn(output)
    builtIns[Int(worker.index)].worker.turnCame(view)
    emptyOutbox(output)
  }

  /// What is done next is work of a new turn of the loop.
  mutating func beginTurn(_ output: some RouterOutput) {
    now = output.now
    journal.now = now
    remainingBudget = Router.outboxBudget
  }

  // MARK: News of workers

  /// Tells the built-in workers that observe workers.
  func tell(_ change: WorkerChange, of worker: UUID128) {
    for instance in builtIns where instance.manifest.observesWorkers {
      instance.worker.workerChanged(change, of: worker)
    }
  }

  /// Tells the built-in workers that observe workers that functions came or went.
  func tellFunctionsChanged() {
    for instance in builtIns where instance.manifest.observesWorkers { instance.worker.functionsChanged() }
  }

  private mutating func set(_ metadata: ReportedMetadata, of peer: PeerID, _ output: some RouterOutput) {
    guard workers.contains(peer) else { return }
    workers[peer]?.metadata = metadata
    guard let worker = workers[peer] else { return }
    output.named(peer, metadata.name)
    output.note(.workerNamed(worker.label))
    tell(.metadataUpdated, of: worker.id)
  }

  /// A binary message; returns whether it was for a built-in worker.
  ///
  /// Never inlined: Swift 6.3.1 aborts where its optimizer inlines the borrow of the tables into a generic caller.
  @inline(never) func receive(binary message: ByteView, from peer: PeerID) -> Bool {
    for instance in builtIns where instance.manifest.readsBinaryMessages {
      if instance.worker.received(binary: message, from: peer, view) { return true }
    }
    return false
  }
}

extension ConditionVerdict {
  /// Only the literal `false` says no.
  init(_ outcome: CallOutcome) {
    switch outcome {
    case .value(let value): self = value.isFalse ? .fails : .holds
    case .nothing: self = .holds
    case .failure(let failure): self = .undecided(failure)
    }
  }
}

extension ByteView {
  /// Whether the bytes are the JSON value `false`, with blanks around it or not.
  fileprivate var isFalse: Bool {
    var start = 0
    var end = count
    while start < end, self[start].isBlank { start += 1 }
    while end > start, self[end - 1].isBlank { end -= 1 }
    return dropFirst(start).prefix(end - start) == "false"
  }
}

extension UInt8 {
  fileprivate var isBlank: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}

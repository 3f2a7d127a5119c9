internal import III

/// Calls of functions that tests have stubbed.
extension Router {
  /// Puts the stubs of an engine that has restarted in front of its functions.
  mutating func restoreStubs() {
    stubs.forgetCalls()
    for id in stubs.functionIDs { _ = functions.cover(id) }
  }

  // MARK: Commands

  /// Does what tests have asked for. Called before messages are read, so that a stub holds for every call that is made after it.
  @inline(__always) mutating func applyStubCommands(_ output: some RouterOutput) {
    if !stubs.commands.isEmpty { applyWaitingStubCommands(output) }
  }

  @inline(never) private mutating func applyWaitingStubCommands(_ output: some RouterOutput) {
    for command in stubs.commands.take() { apply(command, output) }
  }

  mutating func apply(_ command: StubCommands.Command, _ output: some RouterOutput) {
    switch command {
    case .add(let entry):
      if stubs.add(entry), functions.cover(entry.functionID) { tellFunctionsChanged() }
    case .append(let response, let stub): stubs.append(response, to: stub)
    case .remove(let stub): end(stubs.remove { $0.number == stub }, output)
    case .removeAll(let id): end(stubs.remove { $0.functionID == id }, output)
    case .reset:
      let (functions, calls) = stubs.reset()
      end((functions, calls), output)
    }
  }

  private mutating func end(_ removed: (functions: [ByteKey], calls: [ReplyToken]), _ output: some RouterOutput) {
    for id in removed.functions { uncover(id) }
    for token in removed.calls {
      outbox.release(token)
      if let waiting = lateReplies.removeValue(forKey: token) { settle(waiting, .failure(.stopped), output) }
    }
  }

  /// Gives a function back to whoever has it.
  private mutating func uncover(_ id: ByteKey) {
    guard let gone = functions.uncover(id) else { return }
    journal.counts.retire(gone)
    tellFunctionsChanged()
  }

  // MARK: Calls

  /// A worker calls a function that has a stub; `id` is `nil` if it waits for no answer.
  @inline(never) mutating func callStubbed(
    _ frame: InvocationFrame, _ route: FunctionRegistry.Route, _ id: UUID128, wantsAnswer: Bool, trace: TraceHeaders?,
    from peer: PeerID, _ output: some RouterOutput
  ) {
    let key = route.name.key
    let decision = stubs.decide(key, frame.data)
    if decision.response == nil && decision.delay == .zero {
      if decision.isLast { uncover(key) }
      return passOn(frame, key, from: peer, output)
    }
    journal.routed(.stubbed)
    route.name.invoked &+= 1
    if wantsAnswer { count(1, peer) }
    let waiting = WaitingReply(
      id: wantsAnswer ? id : nil, caller: peer, name: route.name, trace: trace, begun: now)
    let call = StubCall(
      functionID: key, id: wantsAnswer ? id : nil,
      payload: frame.namesCaller ? CallerSplice.withoutCaller(frame.data) : frame.data.array,
      context: InvocationContext(
        functionID: key.text, invocationID: wantsAnswer ? id.description : nil,
        callerWorkerID: busy.id(of: peer)?.description,
        metadata: frame.metadata.flatMap { try? PayloadCoder.decode(JSONValue.self, from: $0) },
        traceparent: frame.traceparent?.text, baggage: frame.baggage?.text),
      waiting: waiting, origin: .message(frame.message(id: wantsAnswer ? id : nil), from: peer))
    carryOut(decision, call, output)
    if decision.isLast { uncover(key) }
  }

  /// The engine calls a function that has a stub.
  mutating func callStubbed(
    _ engineCall: EngineCall, _ key: EngineCallKey?, _ name: FunctionName, _ output: some RouterOutput
  ) {
    let decision = engineCall.data.withView { stubs.decide(name.key, $0) }
    if decision.response == nil && decision.delay == .zero {
      if decision.isLast { uncover(name.key) }
      return passOn(engineCall, key, output)
    }
    let waiting = WaitingReply(
      id: nil, caller: key.map { PeerID.engine($0) } ?? .none, name: name, trace: nil, begun: output.now)
    let call = StubCall(
      functionID: name.key, id: nil, payload: engineCall.data,
      context: InvocationContext(
        functionID: name.text,
        metadata: engineCall.metadata.flatMap { try? PayloadCoder.decode(JSONValue.self, from: $0) }),
      waiting: waiting, origin: .engine(engineCall, key))
    carryOut(decision, call, output)
    if decision.isLast { uncover(name.key) }
  }

  private mutating func carryOut(_ decision: StubTable.Decision, _ call: StubCall, _ output: some RouterOutput) {
    guard decision.delay > .zero else {
      if let (response, stub) = decision.response { answer(call, with: response, of: stub, output) }
      return
    }
    let number = stubs.delay(.init(response: decision.response, call: call))
    _ = output.schedule(.stub(number), at: output.now.advanced(by: decision.delay))
  }

  private mutating func answer(
    _ call: StubCall, with response: StubResponse, of stub: UInt64, _ output: some RouterOutput
  ) {
    switch response {
    case .result(let bytes): settle(call.waiting, bytes == StubTable.null ? .nothing : .bytes(bytes), output)
    case .failure(let failure): settle(call.waiting, .failure(failure.failure(of: call.functionID.text)), output)
    case .hang: stubs.hang(later(call), by: stub)
    case .run(let body): stubs.run(body, call, later(call))
    case .delay: break
    }
  }

  /// Notes that a call is answered later. The engine counts as settled meanwhile: runs of tests' code are counted themselves.
  private mutating func later(_ call: StubCall) -> ReplyToken {
    let token = outbox.nextReply()
    outbox.hold(token)
    lateReplies[token] = call.waiting
    return token
  }

  /// The time of a delayed call has come.
  mutating func delayEnded(_ number: UInt64, _ output: some RouterOutput) {
    guard let delayed = stubs.takeDelayed(number) else { return }
    let call = delayed.call
    if let (response, stub) = delayed.response { return answer(call, with: response, of: stub, output) }
    switch call.origin {
    case .engine(let engineCall, let key):
      if key.map({ engineCalls[$0] != nil }) ?? true { passOn(engineCall, key, output) }
    case .message(let message, let peer):
      guard workers.contains(peer) else { return }
      if call.waiting.id != nil { count(-1, peer) }
      // It is counted where it is routed.
      call.waiting.name.invoked &-= 1
      message.withView { bytes in
        var envelope = Envelope(of: bytes)
        guard (try? envelope.scan(maxDepth: Envelope.engineMaxDepth)) != nil, let frame = try? InvocationFrame(envelope)
        else { return }
        passOn(frame, call.functionID, from: peer, output)
      }
    }
  }

  /// Calls the function itself, as if it had no stub.
  private mutating func passOn(
    _ frame: InvocationFrame, _ id: ByteKey, from peer: PeerID, _ output: some RouterOutput
  ) {
    route(frame, functions.uncovered(id), from: peer, output)
  }

  private mutating func passOn(_ call: EngineCall, _ key: EngineCallKey?, _ output: some RouterOutput) {
    guard let entry = functions.uncoveredEntry(call.functionID) else {
      if let key { complete(key, .failure(.functionNotFound(call.functionID.text)), output) }
      return
    }
    deliver(call, key, to: FunctionRegistry.Route(target: entry.target, name: entry.name), output)
  }
}

extension StubTable { static let null = Array("null".utf8) }

extension InvocationFrame {
  /// The frame as a message of its own, to be read again later.
  fileprivate func message(id: UUID128?) -> [UInt8] {
    var buffer = ByteBuffer()
    buffer.append("{\"type\":\"invokefunction\",\"function_id\":")
    buffer.append(functionID.raw.array)
    if let id { buffer.append(member: ",\"invocation_id\":", quoting: id.description) }
    buffer.append(",\"data\":")
    buffer.append(data.array)
    if case .void = action { buffer.append(",\"action\":{\"type\":\"void\"}") }
    if let traceparent {
      buffer.append(",\"traceparent\":")
      buffer.append(traceparent.raw.array)
    }
    if let baggage {
      buffer.append(",\"baggage\":")
      buffer.append(baggage.raw.array)
    }
    if let metadata {
      buffer.append(",\"metadata\":")
      buffer.append(metadata.array)
    }
    if let namespace {
      buffer.append(",\"namespace\":")
      buffer.append(namespace.raw.array)
    }
    buffer.append("}")
    return buffer.bytes
  }
}

internal import III

extension Router {
  /// A worker calls a function.
  mutating func invoke(_ frame: InvocationFrame, from peer: PeerID, _ output: some RouterOutput) {
    let wantsAnswer: Bool
    switch frame.action {
    case .call: wantsAnswer = frame.invocationID != nil
    case .void: wantsAnswer = false
    case .enqueue:
      enqueue(frame, from: peer, output)
      return
    }
    let caller = wantsAnswer ? peer : PeerID.none
    let id = wantsAnswer ? frame.invocationID ?? .random() : .random()
    let (calleeTrace, replyTrace) = trace.headers(of: frame)
    guard let route = functions.route(frame.functionID) else {
      let name = FunctionName(frame.functionID.text)
      let failure = missing(name.text, frame)
      note(failure, of: name, caller: peer, output)
      observability.counters.failed()
      if wantsAnswer {
        output.send(.result(id: id, name: name, outcome: .failure(failure), trace: replyTrace), to: peer)
      }
      return
    }
    switch route.target {
    case .builtIn(let function):
      run(function, frame, name: route.name, id: wantsAnswer ? id : nil, trace: replyTrace, from: peer, output)
    case .worker(let callee):
      // Noted before it is sent: an answer cannot come too early.
      let displaced = invocations.insert(
        id, caller: caller, callee: callee, name: route.name, trace: replyTrace, at: now)
      count(1, callee)
      if caller != callee { count(1, caller) }
      forward(frame, id, to: callee, from: peer, trace: calleeTrace, output)
      if let displaced {
        ended(displaced, succeeded: false)
        fail(displaced, .displaced, output)
      }
    }
  }

  private func forward(
    _ frame: InvocationFrame, _ id: UUID128, to callee: PeerID, from peer: PeerID, trace: TraceHeaders?,
    _ output: some RouterOutput
  ) {
    let caller = CallerSplice.applies(to: frame.data) ? busy.id(of: peer) : nil
    func send(_ data: ByteView) {
      let count = output.send(
        text: OutgoingInvocation(
          id: id, functionID: frame.functionID.raw, data: data, caller: caller, trace: trace,
          metadata: compatibility.forwardsMetadata ? frame.metadata : nil),
        to: callee)
      if count > LargeMessageHint.threshold { warn(ofMessage: count, to: callee, output) }
    }
    if frame.namesCaller { CallerSplice.withoutCaller(frame.data).withView(send) } else { send(frame.data) }
  }

  /// Nobody checks who answers: the id alone tells which call it is.
  mutating func answer(_ frame: ResultFrame, from peer: PeerID, _ output: some RouterOutput) {
    guard let invocation = invocations.remove(frame.invocationID) else { return }
    ended(invocation, succeeded: frame.error == nil)
    if let error = frame.error, output.wantsEvents {
      note(
        InvocationFailure(code: error.code.text, message: error.message.text), of: invocation.name,
        caller: invocation.caller, output)
    }
    guard invocation.caller != .none else { return }
    let outcome: OutgoingFrame.Outcome =
      if let error = frame.error {
        .error(error)
      } else if let result = frame.result {
        .value(result)
      } else {
        .nothing
      }
    let count = output.send(
      text: OutgoingResult(id: frame.invocationID, name: invocation.name, outcome: outcome, trace: invocation.trace),
      to: invocation.caller)
    if count > LargeMessageHint.threshold { warn(ofMessage: count, to: invocation.caller, output) }
  }

  /// Says so where it is known that the receiver's SDK will not take a message of that size.
  private func warn(ofMessage count: Int, to peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer], let hint = LargeMessageHint.text(count, to: worker.metadata) else { return }
    output.note(.largeMessage(worker: worker.label, bytes: count, hint: hint))
  }

  /// Ends a call for its caller, if one waits, with an error of the engine's.
  mutating func fail(
    _ invocation: Invocation, _ failure: InvocationFailure, _ output: some RouterOutput
  ) {
    note(failure, of: invocation.name, caller: invocation.caller, output)
    guard invocation.caller != .none else { return }
    output.send(
      .result(id: invocation.id, name: invocation.name, outcome: .failure(failure), trace: invocation.trace),
      to: invocation.caller)
  }

  private func missing(_ id: String, _ frame: InvocationFrame) -> InvocationFailure {
    guard compatibility.knowsNamespaces, let namespace = frame.namespace?.text, namespace != "default" else {
      return .functionNotFound(id)
    }
    return InvocationFailure(
      code: "function_not_found", message: "Function \(id) not found in namespace \(namespace).")
  }

  /// As an engine without queues answers.
  private mutating func enqueue(_ frame: InvocationFrame, from peer: PeerID, _ output: some RouterOutput) {
    let name = FunctionName(frame.functionID.text)
    note(.noQueues, of: name, caller: peer, output)
    guard let id = frame.invocationID else { return }
    let echo = TraceHeaders(traceparent: frame.traceparent?.raw.array, baggage: frame.baggage?.raw.array)
    output.send(.result(id: id, name: name, outcome: .failure(.noQueues), trace: echo), to: peer)
  }

  private mutating func run(
    _ function: BuiltIn, _ frame: InvocationFrame, name: FunctionName, id: UUID128?, trace: TraceHeaders?,
    from peer: PeerID, _ output: some RouterOutput
  ) {
    if id != nil { count(1, peer) }  // a listing counts itself
    defer { if id != nil { count(-1, peer) } }
    let outcome: OutgoingFrame.Outcome
    let result = call(function, frame.data, baggage: frame.baggage, from: peer, output)
    let succeeded = if case .success = result { true } else { false }
    name.calls &+= 1
    observability.counters.ended(succeeded: succeeded, after: output.now &- now)
    switch result {
    case .success(.null): outcome = .nothing
    case .success(let value): outcome = .json(value.jsonBytes)
    case .failure(let failure):
      note(failure, of: name, caller: peer, output)
      outcome = .failure(failure)
    }
    guard let id else { return }
    output.send(.result(id: id, name: name, outcome: outcome, trace: trace), to: peer)
  }

  private func note(
    _ failure: InvocationFailure, of name: FunctionName, caller: PeerID, _ output: some RouterOutput
  ) {
    guard output.wantsEvents else { return }
    let label = workers[caller]?.label ?? WorkerLabel(id: "nobody", name: "a caller that waits for no answer")
    output.note(
      .invocationFailed(functionID: name.text, code: failure.code, message: failure.message, caller: label))
  }
}

internal import III

extension Router {
  /// A worker calls a function.
  mutating func invoke(_ frame: InvocationFrame, from peer: PeerID, _ output: some RouterOutput) {
    if case .enqueue(let queue) = frame.action { return enqueue(frame, queue: queue, from: peer, output) }
    route(frame, functions.route(frame.functionID), from: peer, output)
  }

  /// Passes a call on to whoever has the function.
  @inline(__always) mutating func route(
    _ frame: InvocationFrame, _ route: FunctionRegistry.Route?, from peer: PeerID, _ output: some RouterOutput
  ) {
    let wantsAnswer = if case .call = frame.action { frame.invocationID != nil } else { false }
    let caller = wantsAnswer ? peer : PeerID.none
    let id = wantsAnswer ? frame.invocationID ?? newID() : newID()
    let (calleeTrace, replyTrace) = trace.headers(of: frame)
    guard let route else {
      let name = FunctionName(frame.functionID.text)
      let failure = missing(name.text, frame)
      note(failure, of: name, caller: peer, output)
      journal.routed(.notFound)
      counters.failed()
      if wantsAnswer {
        send(.result(id: id, name: name, outcome: .failure(failure), trace: replyTrace), to: peer, output)
      }
      return
    }
    switch route.target {
    case .builtIn(let target):
      journal.routed(.builtIn)
      route.name.invoked &+= 1
      call(target, frame, name: route.name, id: wantsAnswer ? id : nil, trace: replyTrace, from: peer, output)
    case .worker(let callee):
      route.name.invoked &+= 1
      // Inserted before it is sent: an answer cannot come too early.
      let displaced = invocations.insert(
        id, caller: caller, callee: callee, name: route.name, trace: replyTrace, at: now)
      forward(frame, id, to: callee, as: route.name, from: peer, trace: calleeTrace, output)
      if let displaced {
        ended(displaced, succeeded: false)
        fail(displaced, .displaced, output)
      }
    case .http:
      journal.routed(.builtIn)
      callHTTP(frame, route, wantsAnswer ? id : nil, trace: replyTrace, from: peer, output)
    case .stub:
      callStubbed(frame, route, id, wantsAnswer: wantsAnswer, trace: replyTrace, from: peer, output)
    }
  }

  @inline(__always) private func forward(
    _ frame: InvocationFrame, _ id: UUID128, to callee: PeerID, as name: FunctionName, from peer: PeerID,
    trace: TraceHeaders?, _ output: some RouterOutput
  ) {
    if let local = name.localQuoted {
      return local.withView { forward(frame, $0, id, to: callee, from: peer, trace: trace, output) }
    }
    forward(frame, frame.functionID.raw, id, to: callee, from: peer, trace: trace, output)
  }

  /// - Parameter functionID: As the callee knows it; a JSON string.
  @inline(__always) private func forward(
    _ frame: InvocationFrame, _ functionID: ByteView, _ id: UUID128, to callee: PeerID, from peer: PeerID,
    trace: TraceHeaders?, _ output: some RouterOutput
  ) {
    let caller = CallerSplice.applies(to: frame.data) ? busy.id(of: peer) : nil
    func send(_ data: ByteView) {
      self.send(
        text: OutgoingInvocation(
          id: id, functionID: functionID, data: data, caller: caller, trace: trace,
          metadata: compatibility.forwardsMetadata ? frame.metadata : nil),
        to: callee, output)
    }
    if frame.namesCaller { CallerSplice.withoutCaller(frame.data).withView(send) } else { send(frame.data) }
  }

  /// The id alone identifies the call: who answers is not checked.
  mutating func answer(_ frame: ResultFrame, from peer: PeerID, _ output: some RouterOutput) {
    guard let invocation = invocations.remove(frame.invocationID) else { return }
    ended(invocation, succeeded: frame.error == nil)
    if let error = frame.error, output.wantsEvents {
      note(
        InvocationFailure(code: error.code.text, message: error.message.text), of: invocation.name,
        caller: invocation.caller, output)
    }
    guard invocation.caller.isConnection else { return answered(invocation.caller, frame, output) }
    if frame.error == nil, let result = frame.result {
      return send(
        text: OutgoingResult(
          id: frame.invocationID, name: invocation.name, outcome: PassedValue(json: result), trace: invocation.trace),
        to: invocation.caller, output)
    }
    let outcome = frame.error.map { OutgoingFrame.Outcome.error($0) } ?? .nothing
    send(
      .result(id: frame.invocationID, name: invocation.name, outcome: outcome, trace: invocation.trace),
      to: invocation.caller, output)
  }

  /// The answer to a call that the engine made.
  @inline(never) private mutating func answered(_ caller: PeerID, _ frame: ResultFrame, _ output: some RouterOutput) {
    guard let key = caller.engineCall else { return }
    let outcome: CallOutcome =
      if let error = frame.error {
        .failure(
          InvocationFailure(
            code: error.code.text, message: error.message.text,
            stacktrace: error.stacktrace.flatMap { $0.text.isEmpty ? nil : $0.text }))
      } else if let result = frame.result {
        .value(result)
      } else {
        .nothing
      }
    complete(key, outcome, output)
  }

  /// Ends a call for its caller, if one waits, with an error of the engine's.
  mutating func fail(
    _ invocation: Invocation, _ failure: InvocationFailure, _ output: some RouterOutput
  ) {
    note(failure, of: invocation.name, caller: invocation.caller, output)
    if let key = invocation.caller.engineCall { return complete(key, .failure(failure), output) }
    guard invocation.caller.isConnection else { return }
    send(
      .result(id: invocation.id, name: invocation.name, outcome: .failure(failure), trace: invocation.trace),
      to: invocation.caller, output)
  }

  private func missing(_ id: String, _ frame: InvocationFrame) -> InvocationFailure {
    guard compatibility.knowsNamespaces, let namespace = frame.namespace?.text, namespace != "default" else {
      return .functionNotFound(id)
    }
    return InvocationFailure(
      code: "function_not_found", message: "Function \(id) not found in namespace \(namespace).")
  }

  func note(
    _ failure: InvocationFailure, of name: FunctionName, caller: PeerID, _ output: some RouterOutput
  ) {
    guard output.wantsEvents else { return }
    let label =
      workers[caller]?.label
      ?? (caller.engineCall == nil
        ? WorkerLabel(id: "nobody", name: "a caller that waits for no answer")
        : WorkerLabel(id: "engine", name: "the engine"))
    output.note(
      .invocationFailed(functionID: name.text, code: failure.code, message: failure.message, caller: label))
  }
}

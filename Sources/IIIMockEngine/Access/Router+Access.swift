internal import III

extension Router {
  // MARK: Messages

  /// What a worker's messages are checked against: its listener's rules, or what a test denies; `nil` for neither.
  @inline(__always) func checkedAccess(of peer: PeerID) -> ConnectionAccess? {
    busy.access(of: peer) ?? (access.hasOverrides ? workers[peer]?.access : nil)
  }

  /// Whether a message of a checked connection has to wait for a hook's answer; it is kept then.
  @inline(never) mutating func holds(
    _ kind: FrameKind?, _ message: ByteView, _ connection: ConnectionAccess, from peer: PeerID,
    _ output: some RouterOutput
  ) -> Bool {
    guard connection.isHolding else { return false }
    switch kind {
    case .invocationResult, .ping, .pong: return false
    default:
      connection.hold(message.array)
      if connection.isFull { output.pause(peer) }
      return true
    }
  }

  /// Handles the first message that waited, if no hook is asked; each is a request of the outbox of its own, so that the
  /// turn's budget holds for them too.
  mutating func handleHeldMessage(of peer: PeerID, _ output: some RouterOutput) {
    guard let connection = workers[peer]?.access, connection.asked == nil, let message = connection.nextHeld() else {
      return
    }
    connection.isReplaying = true
    message.withView { receive($0, from: peer, output) }
    connection.isReplaying = false
    if connection.asked == nil { goOn(connection, peer, output) }
  }

  /// No hook is asked any more.
  private func goOn(_ connection: ConnectionAccess, _ peer: PeerID, _ output: some RouterOutput) {
    if connection.hasHeld { _ = outbox.add(.heldMessage(of: peer)) }
    if !connection.isFull { output.resume(peer) }
  }

  // MARK: Calls

  /// Whether a call is routed as that of any worker. Otherwise it has been denied, or given to the middleware.
  @inline(never) mutating func admits(
    _ frame: InvocationFrame, _ connection: ConnectionAccess, from peer: PeerID, _ output: some RouterOutput
  ) -> Bool {
    let listener = connection.listener
    let isAllowed = frame.functionID.withUTF8 { id in
      listener.allows(id, connection, workerName: { workers[peer]?.metadata.name }, functions)
    }
    if isAllowed && listener.middlewareFunctionID == nil { return true }
    guard let worker = workers[peer] else { return true }
    guard isAllowed else {
      journal.routed(.denied)
      deny(frame, of: worker, output)
      return false
    }
    guard let middleware = listener.middlewareFunctionID else { return true }
    guard frame.functionID.withUTF8({ !($0.count >= 8 && $0.prefix(8) == "engine::") }) else {
      warnOfBypass(frame, middleware, worker, output)
      return true
    }
    journal.routed(.middleware)
    callMiddleware(middleware, frame, of: worker)
    return false
  }

  /// Which step decides whether a worker may call a function, and why.
  func decide(_ id: ByteView, _ worker: WorkerRecord) -> AccessDecision {
    let functions = functions
    return worker.access.listener.policy.decide(
      .init(
        functionID: id, session: worker.access.session, workerName: worker.metadata.name,
        metadata: { functions.metadata(of: id) }))
  }

  private mutating func deny(_ frame: InvocationFrame, of worker: WorkerRecord, _ output: some RouterOutput) {
    let name = FunctionName(frame.functionID.text)
    let decision = frame.functionID.withUTF8 { decide($0, worker) }
    note(AccessDenial(attempt: .call, id: name.text, worker: worker.label, reason: decision.reason), output)
    if decision.step == .notExposed { warnOfUselessFilters(worker.access.listener, output) }
    send(
      .result(
        id: frame.invocationID ?? newID(), name: name, outcome: .failure(decision.failure(of: name.text)),
        trace: TraceHeaders(echoing: frame)), to: worker.peer, output)
  }

  func note(_ denial: AccessDenial, _ output: some RouterOutput) {
    access.note(denial)
    output.note(.accessDenied(denial))
  }

  private mutating func callMiddleware(_ functionID: String, _ frame: InvocationFrame, of worker: WorkerRecord) {
    let action: [UInt8]? =
      switch frame.action {
      case .call: nil
      case .void: Array(#"{"type":"void"}"#.utf8)
      case .enqueue(let queue): Array(#"{"type":"enqueue","queue":"#.utf8) + queue.raw.array + [UInt8(ascii: "}")]
      }
    let input = MiddlewareInput(
      functionID: frame.functionID.raw, payload: frame.data, action: action, context: worker.access.session.context)
    let call = MiddlewareCall(
      id: frame.invocationID ?? newID(), caller: worker.peer, name: FunctionName(frame.functionID.text),
      trace: TraceHeaders(echoing: frame))
    begin(.middleware(call), of: functionID, input.bytes, metadata: frame.metadata?.array)
  }

  // MARK: Calls of access control

  /// Calls a function for access control: no check, no middleware.
  func begin(_ call: AccessCall, of functionID: String, _ data: [UInt8], metadata: [UInt8]? = nil) {
    _ = outbox.add(
      .call(
        EngineCall(
          functionID: ByteKey(functionID), data: data, metadata: metadata, caller: nil, purpose: .access(call),
          deadline: nil)))
  }

  /// Asks whether a connection may become a worker; `RouterOutput.authenticated` follows.
  func authenticate(_ token: AuthenticationToken, with functionID: String, _ input: AuthenticationInput) {
    begin(.authentication(token), of: functionID, input.json.jsonBytes)
  }

  /// A call that access control made has ended.
  mutating func accessCompleted(
    _ call: AccessCall, of functionID: ByteKey, _ outcome: CallOutcome, _ output: some RouterOutput
  ) {
    if call.blocks { access.forget(Router.slowCause(functionID)) }
    switch call {
    case .authentication(let token):
      output.authenticated(
        token, AccessSession.result(of: outcome, readsNamespaces: compatibility.knowsNamespaces))
    case .hook(let peer): hookAnswered(functionID, outcome, peer, output)
    case .middleware(let call):
      // The place of a caller that has left may be another worker's.
      guard workers.contains(call.caller) else { return }
      let result: OutgoingFrame.Outcome =
        switch outcome {
        case .value(let value): .value(value)
        case .nothing: .nothing
        case .failure(let failure): .failure(failure)
        }
      send(.result(id: call.id, name: call.name, outcome: result, trace: call.trace), to: call.caller, output)
    }
  }

  /// The hook's answer decides; then the messages are handled that came meanwhile.
  private mutating func hookAnswered(
    _ hook: ByteKey, _ outcome: CallOutcome, _ peer: PeerID, _ output: some RouterOutput
  ) {
    guard let worker = workers[peer], let pending = worker.access.asked else { return }
    worker.access.asked = nil
    var answer: JSONValue?
    let reason: String
    switch outcome {
    case .value(let bytes):
      answer = try? PayloadCoder.decode(JSONValue.self, from: bytes)
      reason = "hook '\(hook)' answered with something other than an object"
    case .nothing: reason = "hook '\(hook)' answered without a result"
    case .failure(let failure): reason = "hook '\(hook)' failed: \(failure.code): \(failure.message)"
    }
    if let applied = pending.registration.applying(answer) {
      for surprise in pending.registration.surprises(after: applied) {
        warn(once: surprise, worker, "hook '\(hook)' changed a registration: \(surprise)", output)
      }
      register(
        PendingRegistration(registration: applied, formats: pending.formats, http: pending.http), of: worker, output)
    } else {
      deny(pending.registration, of: worker, reason, output)
    }
    goOn(worker.access, peer, output)
  }
}

extension TraceHeaders {
  /// The caller's own, as they were sent; `nil` if there are none.
  convenience init?(echoing frame: InvocationFrame) {
    guard frame.traceparent != nil || frame.baggage != nil else { return nil }
    self.init(traceparent: frame.traceparent?.raw.array, baggage: frame.baggage?.raw.array)
  }
}

extension AccessSession {
  /// The session that an auth function's answer grants.
  static func result(of outcome: CallOutcome, readsNamespaces: Bool) -> Result<AccessSession, Refusal> {
    do throws(Refusal) {
      switch outcome {
      case .value(let bytes):
        return .success(
          try AccessSession(
            authResult: try? PayloadCoder.decode(JSONValue.self, from: bytes), readsNamespaces: readsNamespaces))
      case .nothing: throw .noResult
      case .failure(let failure): throw Refusal(message: failure.message)
      }
    } catch {
      return .failure(error)
    }
  }
}

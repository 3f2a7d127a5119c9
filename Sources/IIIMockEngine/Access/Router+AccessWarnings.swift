internal import III

/// What the real engine does without a word and a developer may not expect: each is logged once per worker and cause.
extension Router {
  func warn(once cause: String, _ worker: WorkerRecord, _ text: String, _ output: some RouterOutput) {
    if worker.access.isFirst(cause) { output.note(.warning("\(worker.label): \(text)")) }
  }

  /// Ids that begin with `engine::` do not pass the middleware, also where a worker owns the function.
  func warnOfBypass(
    _ frame: InvocationFrame, _ middleware: String, _ worker: WorkerRecord, _ output: some RouterOutput
  ) {
    guard case .worker? = functions.route(frame.functionID)?.target else { return }
    let id = frame.functionID.text
    warn(
      once: "bypass \(id)", worker,
      "its calls of '\(id)' do not pass middleware '\(middleware)': ids that begin with engine:: never do", output)
  }

  func warnOfDeadlock(_ hook: String, _ worker: WorkerRecord, _ output: some RouterOutput) {
    guard case .worker(worker.peer)? = functions.entry(ByteKey(hook))?.target else { return }
    let consequence =
      compatibility.readsDuringHooks
      ? "with the real engine the connection waits for its own answer forever"
      : "the connection waits for its own answer forever"
    warn(
      once: "deadlock \(hook)", worker,
      "hook '\(hook)' is served by the connection whose registrations it is asked about: \(consequence). Serve the hook "
        + "from a connection to another listener", output)
  }

  func warnOfEmptyPrefix(_ id: String, _ worker: WorkerRecord, _ output: some RouterOutput) {
    guard worker.access.session.registrationPrefix?.isEmpty ?? false else { return }
    warn(
      once: "empty prefix", worker,
      "function_registration_prefix of its session is an empty text, so '\(id)' is registered as '::\(id)'; leave the "
        + "member out for no prefix", output)
  }

  /// A trigger calls its function without a check.
  func warnOfPrivateTarget(
    _ functionID: ByteKey, of trigger: String, _ worker: WorkerRecord, _ output: some RouterOutput
  ) {
    if case .worker(worker.peer)? = functions.entry(functionID)?.target { return }
    let decision = functionID.withBytes { decide($0, worker) }
    if decision.isAllowed { return }
    warn(
      once: "private target \(functionID)", worker,
      "its trigger '\(trigger)' calls '\(functionID)', which the worker itself may not call (\(decision.reason)); what "
        + "triggers call is not checked", output)
  }

  /// Only the id of a trigger is checked when it is unregistered.
  func warnOfForeignTrigger(_ id: ByteKey, _ peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer], let trigger = triggers.trigger(id), trigger.owner != peer else { return }
    let owner = workers[trigger.owner].map { "of \($0.label)" } ?? "of another worker"
    warn(
      once: "foreign trigger \(id)", worker,
      "it unregistered trigger '\(id)' \(owner): the engine checks no more than the id", output)
  }

  /// An auth function or a hook has not answered for a while. Logged once per function until it answers.
  func warnOfSlowCall(of functionID: ByteKey, _ call: AccessCall, _ output: some RouterOutput) {
    guard access.isFirst(Router.slowCause(functionID)) else { return }
    let seconds = AccessGate.patience.components.seconds
    switch call {
    case .authentication:
      output.note(
        .warning(
          "auth function '\(functionID)' has not answered for \(seconds) s; a connection waits for it, and so does "
            + "every other one that it is asked about"))
    case .hook(let peer):
      let label = workers[peer].map { "\($0.label)" } ?? "a worker that has left"
      output.note(
        .warning(
          "hook '\(functionID)' has not answered for \(seconds) s; the registrations of \(label) wait for it"))
    case .middleware: break
    }
  }

  static func slowCause(_ functionID: ByteKey) -> String { "slow \(functionID)" }

  /// A call was denied because no filter matches it: a filter that matches nothing may be misspelt.
  func warnOfUselessFilters(_ listener: ListenerAccess, _ output: some RouterOutput) {
    guard !listener.hasCheckedFilters, let filters = listener.policy.rules?.exposeFunctions else { return }
    listener.hasCheckedFilters = true
    // A check for developers: a large engine is not worth the time.
    guard filters.count * functions.count <= 100_000 else { return }
    let all = functions.all
    for filter in filters where !all.contains(where: { exposes(filter, $0) }) {
      output.note(
        .warning(
          "the filter \(filter) of rbac.expose_functions of listener \(listener.index) matches no registered function"))
    }
  }

  private func exposes(_ filter: FunctionFilter, _ entry: FunctionEntry) -> Bool {
    entry.name.key.withBytes { id in
      filter.matches(id) {
        entry.metadata?.withView { try? PayloadCoder.decode(JSONValue.self, from: $0) }
      }
    }
  }
}

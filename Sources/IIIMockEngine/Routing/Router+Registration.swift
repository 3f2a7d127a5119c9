internal import III

extension Router {
  /// The newest registration of an id wins, also over other workers and built-in functions.
  mutating func register(
    _ frame: FunctionRegistrationFrame, from peer: PeerID, _ output: some RouterOutput
  ) throws(FrameProblem) {
    let http = try http(of: frame)
    register(
      FunctionEntry(
        name: FunctionName(frame.id.text), target: http == nil ? .worker(peer) : .http(owner: peer),
        description: frame.description?.text,
        requestFormat: frame.requestFormat?.array, responseFormat: frame.responseFormat?.array,
        metadata: frame.metadata?.array, http: http), from: peer, output)
  }

  /// How a function is called over HTTP; `nil` if it is called on its worker's connection.
  ///
  /// - Throws: Why it is not registered; an older function of its id stays.
  func http(of frame: FunctionRegistrationFrame) throws(FrameProblem) -> HTTPFunction? {
    guard let invocation = frame.invocation else { return nil }
    guard let httpFunctions else {
      throw .unsupported(
        "HTTP functions module not loaded: the engine has no iii-http-functions; function '\(frame.id.text)' is not "
          + "registered")
    }
    do throws(HTTPInvocation.Problem) {
      return try httpFunctions.function(invocation)
    } catch {
      throw .badMember(of: .invocation, "\(error.reason); function '\(frame.id.text)' is not registered")
    }
  }

  mutating func register(_ entry: FunctionEntry, from peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer] else { return }
    if entry.http != nil, compatibility.unregistersTakenHTTPFunctions {
      workers[peer]?.httpFunctions.insert(entry.name.key)
    }
    let old = functions.register(entry)
    if let old { journal.counts.retire(old.name) }
    output.note(.functionRegistered(id: entry.name.text, worker: worker.label, replaced: old != nil))
    if old == nil { tellFunctionsChanged() }
  }

  /// Has no effect unless the sender owns the function. Calls in flight are not affected.
  mutating func unregister(function id: ByteKey, from peer: PeerID, _ output: some RouterOutput) {
    var owner = peer
    if workers[peer]?.httpFunctions.remove(id) != nil { owner = functions.entry(id)?.target.owner ?? peer }
    guard let entry = functions.unregister(id, owner: owner), let worker = workers[peer] else { return }
    journal.counts.retire(entry.name)
    output.note(.functionUnregistered(id: entry.name.text, worker: worker.label))
    tellFunctionsChanged()
  }
}

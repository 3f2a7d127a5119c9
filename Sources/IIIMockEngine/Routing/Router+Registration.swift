internal import III

extension Router {
  /// The newest registration of an id wins, also over other workers and built-in functions.
  mutating func register(
    _ frame: FunctionRegistrationFrame, from peer: PeerID, _ output: some RouterOutput
  ) throws(FrameProblem) {
    try frame.refuseHTTP()
    register(
      FunctionEntry(
        name: FunctionName(frame.id.text), target: .worker(peer), description: frame.description?.text,
        requestFormat: frame.requestFormat?.array, responseFormat: frame.responseFormat?.array,
        metadata: frame.metadata?.array), from: peer, output)
  }

  mutating func register(_ entry: FunctionEntry, from peer: PeerID, _ output: some RouterOutput) {
    guard let worker = workers[peer] else { return }
    let old = functions.register(entry)
    if let old { journal.counts.retire(old.name) }
    output.note(.functionRegistered(id: entry.name.text, worker: worker.label, replaced: old != nil))
    if old == nil { tellFunctionsChanged() }
  }

  /// Has no effect unless the sender owns the function. Calls in flight are not affected.
  mutating func unregister(function id: ByteKey, from peer: PeerID, _ output: some RouterOutput) {
    guard let entry = functions.unregister(id, owner: peer), let worker = workers[peer] else { return }
    journal.counts.retire(entry.name)
    output.note(.functionUnregistered(id: entry.name.text, worker: worker.label))
    tellFunctionsChanged()
  }
}

extension FunctionRegistrationFrame {
  func refuseHTTP() throws(FrameProblem) {
    if isHTTPInvoked {
      throw .unsupported("HTTP-invoked functions are not available in this engine yet; an older function stays")
    }
  }
}

internal import III

extension Router {
  /// The newest registration of an id wins, also over other workers and built-in functions.
  mutating func register(
    _ frame: FunctionRegistrationFrame, from peer: PeerID, _ output: some RouterOutput
  ) throws(FrameProblem) {
    if frame.isHTTPInvoked {
      throw .unsupported("HTTP-invoked functions are not available in this engine yet; an older function stays")
    }
    guard let worker = workers[peer] else { return }
    let id = frame.id.text
    let old = functions.register(
      FunctionEntry(
        name: FunctionName(id), target: .worker(peer), description: frame.description?.text,
        requestFormat: frame.requestFormat?.array, responseFormat: frame.responseFormat?.array,
        metadata: frame.metadata?.array))
    output.note(.functionRegistered(id: id, worker: worker.label, replaced: old != nil))
  }

  /// Has no effect unless the sender owns the function. Calls in flight are not affected.
  mutating func unregister(
    _ frame: FunctionUnregistrationFrame, from peer: PeerID, _ output: some RouterOutput
  ) {
    guard let entry = functions.unregister(frame.id.key, owner: peer), let worker = workers[peer] else { return }
    output.note(.functionUnregistered(id: entry.name.text, worker: worker.label))
  }
}

internal import III

extension Router {
  /// A worker calls a function that is called over HTTP; without an id it waits for no answer.
  @inline(never) mutating func callHTTP(
    _ frame: InvocationFrame, _ route: FunctionRegistry.Route, _ id: UUID128?, trace: TraceHeaders?, from peer: PeerID,
    _ output: some RouterOutput
  ) {
    route.name.invoked &+= 1
    if id != nil { count(1, peer) }
    let waiting = WaitingReply(id: id, caller: peer, name: route.name, trace: trace, begun: now)
    let caller = busy.id(of: peer)
    var data = frame.namesCaller ? CallerSplice.withoutCaller(frame.data) : frame.data.array
    if let caller { data = CallerSplice.adding(caller.description, to: data) }
    settle(waiting, beginHTTP(route.name, data, caller: id == nil ? nil : caller), output)
  }

  /// Begins a call over HTTP; its answer follows.
  func beginHTTP(_ name: FunctionName, _ data: [UInt8], caller: UUID128?) -> BuiltInReply {
    guard let http = functions.uncoveredEntry(name.key)?.http, let httpFunctions else {
      return .failure(.functionNotFound(name.text))
    }
    return httpFunctions.begin(http, id: name.text, data, caller: caller)
  }
}

internal import III
internal import UV

/// `iii-http-functions`: calls functions that are registered with a URL.
final class HTTPFunctionsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(name: HTTPFunctionsSettings.workerName, observesWorkers: true)

  /// A call whose answer is owed.
  private final class Call {
    let function: HTTPFunction
    let request: HTTPClient.Request
    let token: ReplyToken
    /// The worker that waits for the answer.
    let caller: UUID128?
    var transfer: HTTPClient.Transfer?
    var timer: TimerToken?

    init(_ function: HTTPFunction, _ request: HTTPClient.Request, _ token: ReplyToken, caller: UUID128?) {
      self.function = function
      self.request = request
      self.token = token
      self.caller = caller
    }
  }

  private var settings: HTTPFunctionsSettings
  private var host: BuiltInHost?
  private var client: HTTPClient?
  private var calls: [ReplyToken: Call] = [:]
  private var timers: [TimerToken: Call] = [:]
  /// Calls that wait for the addresses of a host: each name is looked up once at a time.
  private var lookups: [ByteKey: [Call]] = [:]

  init(_ settings: HTTPFunctionsSettings) { self.settings = settings }

  func start(_ host: BuiltInHost) { self.host = host }

  /// Each call asks what may be called.
  func reload(_ settings: any BuiltInSettings) throws(MockEngineError) -> Bool {
    guard let new = settings as? HTTPFunctionsSettings else { return false }
    self.settings = new
    return true
  }

  func stop() {
    calls = [:]
    timers = [:]
    lookups = [:]
    client?.close()
    client = nil
    host = nil
  }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply { .nothing }

  // MARK: Functions

  /// Reads the member `invocation` of a registration.
  ///
  /// - Throws: Why the function is not registered.
  func function(_ invocation: ByteView) throws(HTTPInvocation.Problem) -> HTTPFunction {
    try HTTPFunction(try HTTPInvocation(invocation), settings.policy, environment: settings.environment)
  }

  /// Begins a call of a function.
  ///
  /// - Parameter caller: The worker that waits for the answer: when it leaves, the request is given up.
  func begin(_ function: HTTPFunction, id functionID: String, _ data: [UInt8], caller: UUID128?) -> BuiltInReply {
    guard let host else { return .failure(.stopped) }
    if let refusal = settings.policy.refusal(of: function.url) { return HTTPFunctionAnswer.refused(refusal) }
    let policy = settings.policy
    let request = HTTPClient.Request(
      url: function.url, method: function.method,
      headers: function.requestHeaders(
        functionID: functionID, invocationID: host.newID().description, seconds: host.wallClock / 1_000_000_000,
        body: data), body: data, addresses: [], allows: { policy.refusal(of: $0) == nil })
    let call = Call(function, request, host.laterReply(), caller: caller)
    calls[call.token] = call
    if let timer = host.schedule(after: function.timeout) {
      call.timer = timer
      timers[timer] = call
    }
    resolve(call)
    return .later(call.token)
  }

  // MARK: The course of a call

  private func resolve(_ call: Call) {
    let url = call.function.url
    if let addresses = Resolver.known(url.host, port: url.port) { return send(call, to: addresses) }
    let host = ByteKey(url.host)
    let isRunning = lookups[host] != nil
    lookups[host, default: []].append(call)
    guard !isRunning else { return }
    self.host?.resolve(url.host) { [weak self] addresses, _ in
      for call in self?.lookups.removeValue(forKey: host) ?? [] { self?.resolved(call, addresses) }
    }
  }

  private func resolved(_ call: Call, _ addresses: [SocketAddress]) {
    guard calls[call.token] != nil else { return }
    guard !addresses.isEmpty else { return end(call, HTTPFunctionAnswer.refused(HTTPTargetPolicy.lookupFailed)) }
    // One private address among others is enough: which one is connected to is not known.
    if let refusal = addresses.lazy.compactMap({ self.settings.policy.refusal(of: $0) }).first {
      return end(call, HTTPFunctionAnswer.refused(refusal))
    }
    send(call, to: addresses)
  }

  private func send(_ call: Call, to addresses: [SocketAddress]) {
    if client == nil { client = host?.makeHTTPClient(authorities: settings.environment["SSL_CERT_FILE"]) }
    var request = call.request
    request.addresses = addresses
    call.transfer = client?.start(request) { [weak self] in self?.ended(call, $0) }
    if call.transfer == nil {
      end(call, HTTPFunctionAnswer.requestFailed(call.function.url, "the request could not be started"))
    }
  }

  private func ended(_ call: Call, _ end: HTTPClient.End) {
    let reply =
      switch end {
      case .answered(let status, let body): HTTPFunctionAnswer.reply(status: status, body: body)
      case .requestFailed(let cause): HTTPFunctionAnswer.requestFailed(call.function.url, cause)
      case .responseFailed(let cause): HTTPFunctionAnswer.responseFailed(cause)
      case .addressRefused: HTTPFunctionAnswer.refused(HTTPTargetPolicy.privateAddress)
      }
    self.end(call, reply)
  }

  private func end(_ call: Call, _ reply: BuiltInReply?) {
    guard calls.removeValue(forKey: call.token) != nil else { return }
    if let timer = call.timer {
      timers[timer] = nil
      host?.cancel(timer)
    }
    if let transfer = call.transfer { client?.cancel(transfer) }
    call.transfer = nil
    host?.reply(call.token, reply ?? .failure(.stopped))
  }

  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {
    guard let call = timers.removeValue(forKey: token) else { return }
    call.timer = nil
    end(call, HTTPFunctionAnswer.requestFailed(call.function.url, "operation timed out"))
  }

  func workerChanged(_ change: WorkerChange, of worker: UUID128) {
    guard change == .disconnected, !calls.isEmpty else { return }
    for call in calls.filter({ $0.value.caller == worker }).valuesInOrder { end(call, nil) }
  }
}

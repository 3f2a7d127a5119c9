internal import III
internal import UV

/// `iii-http`: serves triggers of type `http` at a port of its own.
final class HTTPWorker: BuiltInWorker {
  static let triggerType = "http"

  let manifest = BuiltInManifest(
    name: HTTPSettings.workerName, functions: [HTTPControl.request],
    triggerTypes: [
      BuiltInTriggerType(
        id: HTTPWorker.triggerType, description: "HTTP API trigger",
        requestSchema: BuiltInSchema.object(
          "HttpTriggerConfig",
          [
            "api_path": ["type": "string", "description": "As /users/:id; the leading slash may be left out."],
            "http_method": ["type": ["string", "null"], "description": "GET by default."],
            "condition_function_id": ["type": ["string", "null"]],
            "middleware_function_ids": ["type": ["array", "null"], "items": ["type": "string"]],
          ], required: ["api_path"]))
    ])

  private(set) var settings: HTTPSettings
  private var globalMiddleware: [ByteKey] = []
  /// The lines of CORS in the heads of answers, if they do not depend on the request.
  private var openCORS: [UInt8]?
  /// The line with the date, and the second since 1970 that it tells.
  private var date: (second: Int64, line: [UInt8]) = (-1, [])
  private var address: SocketAddress?
  private(set) var host: BuiltInHost?
  /// The URL of the port, as `http://127.0.0.1:3111`.
  private(set) var url: String?
  private let routes = HTTPRoutes()
  private var registered: [ByteKey: HTTPRoute] = [:]

  /// Calls of functions that have not ended, by the numbers of their tokens.
  private var asked = NumberedValues<(call: HTTPCall, question: HTTPExchange.Question, function: ByteKey)>()
  private var timers: [TimerToken: HTTPCall] = [:]
  /// Requests that are worked on, and those that wait because there are too many of them.
  private var active = 0
  private var waiting = FIFO<HTTPCall>()
  /// Requests of this process that have no answer yet.
  private var direct: [UInt64: HTTPDirectRequest] = [:]
  private var directCount: UInt64 = 0

  init(_ settings: HTTPSettings) {
    self.settings = settings
    apply(settings)
  }

  private func apply(_ settings: HTTPSettings) {
    self.settings = settings
    openCORS = settings.cors.allowsAll ? settings.cors.lines(origin: nil) : nil
    globalMiddleware = settings.middleware.filter { $0.phase == "preHandler" }.map { ByteKey($0.functionID) }
  }

  func start(_ host: BuiltInHost) throws(MockEngineError) {
    self.host = host
    note(try host.listen(host: settings.host, port: settings.port, self))
  }

  private func note(_ address: SocketAddress) {
    self.address = address
    url = "http://\(address.urlHost):\(address.port)"
  }

  func reload(_ settings: any BuiltInSettings) throws(MockEngineError) -> Bool {
    guard let new = settings as? HTTPSettings, let host else { return false }
    note(
      try host.move(
        from: address, (self.settings.host, self.settings.port), to: (new.host, new.port), self))
    apply(new)
    return true
  }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard let host else { return .failure(.stopped) }
    let input = try call.input(of: function)
    try input.check(function.fields)
    try input.refuseUnknown(function.fields)
    let head: HTTPRequestHead
    let body: [UInt8]
    do throws(MockEngineError) { (head, body) = try HTTPControl.request(of: input) } catch {
      return .failure(InvocationFailure(code: "INVALID_REQUEST", message: error.description))
    }
    let token = host.laterReply()
    begin(HTTPDirectRequest(head, body, of: self) { host.reply(token, $0.reply) })
    return .later(token)
  }

  /// Makes a request of this process.
  func begin(_ request: HTTPDirectRequest) {
    directCount += 1
    request.number = directCount
    direct[directCount] = request
    request.start()
  }

  func ended(_ request: HTTPDirectRequest) { direct[request.number] = nil }

  // MARK: Routes

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    do throws(InvocationFailure) {
      let route = try HTTPRoute(trigger)
      let previous = old.flatMap { registered[$0.id] }
      if let previous { routes.remove(previous) }
      do throws(InvocationFailure) { try routes.add(route) } catch {
        if let previous { try routes.add(previous) }
        throw error
      }
      registered[trigger.id] = route
      if !route.isServed {
        host?.warn(
          "trigger '\(trigger.id.text)': the method '\(route.method)' is not served; it is one of "
            + HTTPRoute.methods.joined(separator: ", "))
      }
      if let braces = route.unnamedParameter {
        host?.warn(
          "trigger '\(trigger.id.text)': '{\(braces)}' in the path '\(route.apiPath)' matches any text and is no parameter; "
            + "write ':\(braces)'")
      }
      return nil
    } catch {
      return error
    }
  }

  func triggerUnregistered(_ trigger: TriggerEntry) {
    guard let route = registered[trigger.id], route.trigger.sequence == trigger.sequence else { return }
    registered[trigger.id] = nil
    routes.remove(route)
  }

  // MARK: Requests

  /// Answers a request, or begins its exchange.
  func handle(_ request: HTTPRequest, for requester: any HTTPRequester) {
    switch (request.method, routes.find(request.path, method: request.method)) {
    case ("OPTIONS", let match):
      var answer = HTTPAnswer(hasCORS: false)
      for (name, value) in settings.cors.preflightHeaders(origin: request.fields.origin) {
        answer.headers.append(name, value)
      }
      if case .otherMethods(let methods) = match { answer.headers.append("allow", HTTPWorker.allow(methods)) }
      requester.send(answer)
    case (_, .route(let route)):
      let call = HTTPCall(HTTPExchange(route, request, globalMiddleware: globalMiddleware), self, requester)
      requester.begin(call)
      call.timer = host?.schedule(after: settings.timeout)
      if let timer = call.timer { timers[timer] = call }
      if active < settings.maxRequests {
        active += 1
        call.start()
      } else {
        waiting.append(call)
      }
    case ("HEAD", .otherMethods(let methods)) where methods.contains("GET"):
      requester.send(
        HTTPAnswer(
          status: 404, headers: ["content-type": "text/plain; charset=utf-8"], body: Array("Not Found".utf8)))
    case (_, .otherMethods(let methods)):
      requester.send(HTTPAnswer(status: 405, headers: ["allow": HTTPWorker.allow(methods)]))
    case (_, .none): requester.send(HTTPAnswer(status: 404))
    }
  }

  /// The request without its origin, if the CORS settings let pages of that origin in.
  func withoutAllowedOrigin(_ request: HTTPRequestHead) -> HTTPRequestHead {
    guard let origin = request.headers["origin"], settings.cors.allows(origin: origin) else { return request }
    var request = request
    request.headers.fields.removeAll { $0.name.equalsIgnoringASCIICase("origin") }
    return request
  }

  /// The lines of CORS in the head of an answer to a request that is no preflight.
  func cors(origin: String?) -> [UInt8] { openCORS ?? settings.cors.lines(origin: origin) }

  /// The line with the date in the head of an answer.
  var dateLine: [UInt8] {
    let second = Int64((host?.wallClock ?? 0) / 1_000_000_000)
    if second != date.second { date = (second, Array("date: \(HTTPDate.text(secondsSinceEpoch: second))\r\n".utf8)) }
    return date.line
  }

  private static func allow(_ methods: [String]) -> String {
    var methods = methods
    if let get = methods.firstIndex(of: "GET"), !methods.contains("HEAD") { methods.insert("HEAD", at: get + 1) }
    return methods.joined(separator: ",")
  }

  func ask(_ question: HTTPExchange.Question, _ function: ByteKey, _ data: [UInt8], for call: HTTPCall) {
    let number = asked.insert((call, question, function))
    host?.call(
      function, data, metadata: question == .handler ? call.metadata : nil, token: CallToken(UInt64(number)))
  }

  /// A request has its answer, or its client has left.
  func ended(_ call: HTTPCall) {
    if let timer = call.timer {
      timers[timer] = nil
      host?.cancel(timer)
    }
    guard call.hasStarted else {
      waiting.removeAll { $0 === call }
      return
    }
    active -= 1
    guard active < settings.maxRequests, let next = waiting.popFirst() else { return }
    active += 1
    next.start()
  }

  // MARK: Events

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {
    guard let (call, question, function) = asked.remove(UInt32(truncatingIfNeeded: token.number)) else { return }
    if asked.isSparse, asked.count == 0 { asked = NumberedValues() }
    if case .failure(let failure) = outcome, failure.code == IIIErrorCode.functionNotFound {
      host?.warn("a request needs function '\(function)', which is not registered: it is answered with 500")
    }
    call.completed(question, outcome)
  }

  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {
    guard let call = timers.removeValue(forKey: token) else { return }
    call.timer = nil
    call.timedOut()
  }

  func stop() {
    for request in direct.valuesInOrder { request.fail(MockEngineError.stopped) }
    direct = [:]
    for call in timers.values { call.drop() }
    asked = NumberedValues()
    timers = [:]
    waiting = FIFO()
  }
}

extension HTTPWorker: ListenerRole {
  func accepted(_ connection: Peer) -> (any ConnectionRole)? { HTTPConnection(of: self, on: connection) }
}

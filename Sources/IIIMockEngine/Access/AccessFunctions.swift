internal import III

/// The functions with which a test in any language denies, allows and explains calls. A strict engine does not have them.
enum AccessFunction: String, BuiltInFamily {
  case deny = "mock::access::deny"
  case allow = "mock::access::allow"
  case reset = "mock::access::reset"
  case explain = "mock::access::explain"
  case denials = "mock::access::denials"

  var description: String {
    switch self {
    case .deny: "Deny calls of the functions that match a pattern, on every listener"
    case .allow: "Allow calls of the functions that match a pattern, whatever the listener's rules say"
    case .reset: "Take back all that deny and allow have set"
    case .explain: "Tell whether a function may be called and which rule decides, for a worker or for a new connection"
    case .denials: "List what was denied, oldest first"
    }
  }

  var inputName: String {
    switch self {
    case .deny: "AccessDenyInput"
    case .allow: "AccessAllowInput"
    case .reset: "AccessResetInput"
    case .explain: "AccessExplainInput"
    case .denials: "AccessDenialsInput"
    }
  }

  var fields: [BuiltInField] {
    switch self {
    case .deny, .allow: [.init("pattern", .string, isRequired: true), .init("worker_name", .string)]
    case .reset, .denials: []
    case .explain:
      [
        .init("function_id", .string, isRequired: true), .init("worker_name", .string), .init("listener", .usize),
        .init("headers", .object), .init("query", .string),
      ]
    }
  }

  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

/// The worker `mock`, as far as access control is concerned.
final class AccessFunctionsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: AccessFunctionsSettings.workerName, functions: AccessFunction.manifestFunctions)

  private var host: BuiltInHost?
  private let functions = AccessFunction.allCases
  /// Explanations that wait for an auth function, or for the turn in which they are made.
  private var explaining: [CallToken: Explaining] = [:]
  private var ready: [Explaining] = []
  private var lastCall: UInt64 = 0

  private struct Explaining {
    let functionID: String
    let listener: Int
    let reply: ReplyToken
    var session: Result<AccessSession, AccessSession.Refusal>?
  }

  func start(_ host: BuiltInHost) { self.host = host }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard let host else { return .nothing }
    let input = try call.input(of: function)
    try input.check(function.fields)
    switch functions[function.number] {
    case .deny, .allow:
      let rule = AccessOverrides.Rule(
        allows: functions[function.number] == .allow, pattern: WildcardPattern(try input.requiredString("pattern")),
        workerName: try input.string("worker_name"))
      kernel.access.apply(.add(rule))
      return .json(["success": true])
    case .reset:
      kernel.access.apply(.reset)
      return .json(["success": true])
    case .denials: return .json(["denials": .array(kernel.access.denials.all.map(\.json))])
    case .explain:
      let id = try input.requiredString("function_id")
      if let name = try input.string("worker_name") { return explain(id, workerNamed: name, kernel) }
      return explain(id, input, host, kernel)
    }
  }

  private func explain(_ id: String, workerNamed name: String, _ kernel: borrowing KernelView) -> BuiltInReply {
    let worker = kernel.workers.all.first { $0.metadata.name.map { ByteKey.isSame($0, name) } ?? false }
    guard let worker else { return .failure(.notFound("Worker '\(name)' is not connected.")) }
    return .json(kernel.access.explain(id, as: worker, kernel.functions).json)
  }

  /// Explains what a connection could call that is made now: its listener's auth function is asked, as for any.
  private func explain(
    _ id: String, _ input: BuiltInInput, _ host: BuiltInHost, _ kernel: borrowing KernelView
  ) -> BuiltInReply {
    let listener = input.count("listener") ?? 0
    guard kernel.access.listeners.indices.contains(listener), !kernel.access.listeners[listener].isClosed else {
      return .failure(
        .notFound("There is no listener \(listener): this engine has \(kernel.access.openListeners.count), from 0 on."))
    }
    let policy = kernel.access.listeners[listener].policy
    guard let auth = policy.rules?.authFunctionID else {
      return .json(kernel.access.explain(id, on: listener, AccessSession(), kernel.functions).json)
    }
    var headers = HTTPHeaders()
    if case .object(let members)? = input.member("headers") {
      for (name, value) in members { if case .string(let text) = value { headers.append(name, text) } }
    }
    let query: String? = if case .string(let text)? = input.member("query") { text } else { nil }
    lastCall += 1
    let token = CallToken(lastCall)
    let reply = host.laterReply()
    explaining[token] = Explaining(functionID: id, listener: listener, reply: reply)
    let authentication = AuthenticationInput(headers: headers, query: query, ipAddress: "127.0.0.1")
    host.call(ByteKey(auth), authentication.json.jsonBytes, token: token)
    return .later(reply)
  }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {
    guard var one = explaining.removeValue(forKey: token), let host else { return }
    one.session = AccessSession.result(of: outcome, readsNamespaces: host.compatibility.knowsNamespaces)
    ready.append(one)
    host.continueNextTurn()
  }

  func turnCame(_ kernel: borrowing KernelView) {
    let all = ready
    ready = []
    for one in all {
      switch one.session {
      case .success(let session)?:
        host?.reply(
          one.reply, .json(kernel.access.explain(one.functionID, on: one.listener, session, kernel.functions).json))
      case .failure(let refusal)?:
        host?.reply(one.reply, .failure(InvocationFailure(code: "AUTH_ERROR", message: refusal.message)))
      case nil: break
      }
    }
  }
}

/// Every engine that is not strict has the functions.
struct AccessFunctionsSettings: BuiltInSettings {
  static let workerName = "mock"
  static let presence = BuiltInPresence.always

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { AccessFunctionsWorker() }
}

extension AccessDenial {
  fileprivate var json: JSONValue {
    [
      "attempt": .string(attempt.rawValue), "id": .string(id), "worker_id": .string(worker.id),
      "worker_name": worker.name.map { .string($0) } ?? .null, "reason": .string(reason),
    ]
  }
}

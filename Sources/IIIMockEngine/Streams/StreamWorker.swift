internal import III
internal import UV

/// `iii-stream`: items by stream and group, triggers that fire when they change, and sockets whose clients are told.
final class StreamWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: StreamSettings.workerName,
    functions: StreamFunction.allCases.map(\.manifestFunction) + StreamControl.manifestFunctions,
    triggerTypes: StreamTriggerType.allCases.map(\.manifestType))

  /// What a call that was begun is for.
  private enum Purpose {
    /// A function that serves a stream in place of the store.
    case custom(StreamFunction, (StreamOutcome) -> Void)
    case authentication(StreamConnection)
    /// The function of a `stream:join` or `stream:leave` trigger.
    case handler(HandlerRun)
  }

  /// The functions of `stream:join` or `stream:leave` triggers that are called one after another.
  struct HandlerRun {
    let event: [UInt8]
    /// In the order in which they are called, the last one first.
    var rest: [TriggerEntry]
    var current: TriggerEntry
    var isRefused = false
    /// Called with whether one of them has refused.
    let done: (Bool) -> Void
  }

  /// A subscription that was accepted and whose data has to be read.
  private struct Sync {
    let subscription: StreamSubscription
    let connection: StreamConnection
  }

  private(set) var settings: StreamSettings
  private var address: SocketAddress?
  private let functions = StreamFunction.allCases
  private(set) var host: BuiltInHost?
  /// The URL of the sockets, as `ws://127.0.0.1:3112`.
  private(set) var url: String?
  private var backend: (any StreamBackend)?

  private var triggers = StreamTriggers()
  private let deliverer = EventDeliverer(of: "stream")
  private var joinTriggers = BuiltInTriggers()
  private var leaveTriggers = BuiltInTriggers()

  private var calls: [UInt64: Purpose] = [:]
  private var lastCall: UInt64 = 0
  private var syncs = FIFO<Sync>()

  private var connections: [StreamSubscriptions.Client: StreamConnection] = [:]
  private var lastConnection: StreamSubscriptions.Client = 0
  private(set) var subscriptions = StreamSubscriptions()
  private var timers: [TimerToken: StreamConnection] = [:]
  /// Paths that the log has named already.
  private var wrongPaths: Set<ByteKey> = []

  init(_ settings: StreamSettings) { self.settings = settings }

  func start(_ host: BuiltInHost) throws(MockEngineError) {
    self.host = host
    deliverer.start(host)
    backend = try makeBackend(host)
    note(try host.listen(host: settings.host, port: settings.port, self))
  }

  private func note(_ address: SocketAddress) {
    self.address = address
    url = "ws://\(address.urlHost):\(address.port)"
  }

  /// Items stay where they are kept: another adapter takes effect at the next start.
  func reload(_ settings: any BuiltInSettings) throws(MockEngineError) -> Bool {
    guard var new = settings as? StreamSettings, let host else { return false }
    note(
      try host.move(
        from: address, (self.settings.host, self.settings.port), to: (new.host, new.port), self))
    let isWhole = new.adapter == self.settings.adapter
    new.adapter = self.settings.adapter
    self.settings = new
    return isWhole
  }

  private func makeBackend(_ host: BuiltInHost) throws(MockEngineError) -> any StreamBackend {
    let deliver: (StreamEvent) -> Void = { [unowned self] in self.deliver($0) }
    switch settings.adapter {
    case .keyValue(let adapter): return try StreamStorage(adapter.location, host, deliver: deliver)
    case .bridge(let url):
      guard let bridge = StreamBridge(to: url, host, deliver: deliver) else { throw .stopped }
      return bridge
    }
  }

  func stop() {
    calls = [:]
    syncs = FIFO()
    timers = [:]
    connections = [:]
    backend?.stop()
  }

  /// Forgets all items, also on disk. No triggers fire, and subscriptions stay.
  func reset() { backend?.reset() }

  func takeOver(_ old: any BuiltInWorker) {
    guard let own = backend as? StreamStorage, let old = (old as? StreamWorker)?.backend as? StreamStorage else {
      return
    }
    own.takeOver(old)
  }

  // MARK: Functions

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard function.number < functions.count else {
      return try control(StreamControl.allCases[function.number - functions.count], function, call, kernel)
    }
    return try perform(functions[function.number], function, call, kernel)
  }

  /// Carries out an operation for a caller.
  ///
  /// - Parameter change: What becomes of the answer.
  func perform(
    _ kind: StreamFunction, _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView,
    _ change: @escaping (BuiltInReply) -> BuiltInReply = { $0 }
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try StreamInput(call.data, named: function.inputName, fields: kind.fields)
    guard let host else { return .failure(.stopped) }
    let answer = PendingAnswer(host)
    perform(kind, input, kernel) { [self] outcome in answer.give(change(reply(to: kind, input, outcome))) }
    return answer.reply
  }

  /// Where items are kept, if that is in this engine.
  var storage: StreamStorage? { backend as? StreamStorage }

  /// Carries out an operation by the stream's own function, if there is one, or in the store.
  private func perform(
    _ kind: StreamFunction, _ input: StreamInput, _ kernel: borrowing KernelView,
    then done: @escaping (StreamOutcome) -> Void
  ) {
    if let custom = kind.customID(for: input.stream), kernel.functions.route(custom) != nil {
      begin(.custom(kind, done)) { host?.call(custom, input.payload(kind.fields), token: $0) }
    } else {
      backend?.perform(kind, input, then: done)
    }
  }

  /// Tells those who watch what has happened, and then makes the answer.
  private func reply(to kind: StreamFunction, _ input: StreamInput, _ outcome: StreamOutcome) -> BuiltInReply {
    switch outcome {
    case .failed(let failure): return .failure(failure)
    case .changed(let change):
      if let event = StreamEvent(change, input) { publish(event) }
      return .bytes(change.result)
    case .read where kind == .send:
      publish(StreamEvent(sent: input))
      return .bytes(Array("null".utf8))
    case .read(let value): return value.map { .bytes($0) } ?? .nothing
    }
  }

  private func begin(_ purpose: Purpose, _ call: (CallToken) -> Void) {
    lastCall += 1
    let number = lastCall | CallToken.ofWorker
    calls[number] = purpose
    call(CallToken(number))
  }

  // MARK: Events

  private var milliseconds: UInt64 { (host?.wallClock ?? 0) / 1_000_000 }

  /// Calls the triggers that an event concerns, then tells the sockets.
  private func publish(_ event: StreamEvent) {
    deliverer.deliver(event.json(milliseconds: milliseconds), to: triggers.matching(event))
    backend?.publish(event)
  }

  /// Sends an event to the sockets that it concerns, once for each subscription.
  func deliver(_ event: StreamEvent) {
    guard !subscriptions.isEmpty else { return }
    let clients = subscriptions.clients(of: event)
    guard !clients.isEmpty else { return }
    let frame = event.json(milliseconds: milliseconds)
    for client in clients { connections[client]?.send(frame) }
  }

  // MARK: Triggers

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    switch StreamTriggerType(rawValue: trigger.type.text) {
    case .join: joinTriggers.insert(trigger, replacing: old)
    case .leave: leaveTriggers.insert(trigger, replacing: old)
    case .event, nil:
      let filter: StreamTriggerFilter
      do {
        filter = try trigger.config.withView { try StreamTriggerFilter($0) }
      } catch {
        return .refused(
          "Failed to deserialize stream trigger config: \((error as? InputMismatch)?.reason ?? "\(error)")")
      }
      if let old { triggerUnregistered(old) }
      triggers.add(trigger.sequence, filter)
      deliverer.add(trigger, condition: filter.conditionFunctionID)
    }
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) {
    switch StreamTriggerType(rawValue: trigger.type.text) {
    case .join: joinTriggers.remove(trigger)
    case .leave: leaveTriggers.remove(trigger)
    case .event, nil:
      triggers.remove(trigger.sequence)
      deliverer.remove(trigger)
    }
  }

  func conditionDecided(_ token: CallToken, _ verdict: ConditionVerdict) { deliverer.conditionDecided(token, verdict) }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {
    guard token.number & CallToken.ofWorker != 0 else { return deliverer.callCompleted(token, outcome) }
    switch calls.removeValue(forKey: token.number) {
    case .custom(let function, let done): done(StreamOutcome(ofCustom: outcome, function))
    case .authentication(let connection): connection.accept(context: context(outcome))
    case .handler(let run): handled(run, outcome)
    case nil: break
    }
  }

  // MARK: Join and leave

  /// Calls the functions of triggers one after another; `done` hears whether one of them refuses.
  private func run(_ triggers: BuiltInTriggers, _ event: [UInt8], then done: @escaping (Bool) -> Void) {
    var rest: [TriggerEntry] = triggers.inOrder.reversed()
    guard let first = rest.popLast() else { return done(false) }
    call(HandlerRun(event: event, rest: rest, current: first, done: done))
  }

  private func call(_ run: HandlerRun) {
    begin(.handler(run)) { host?.fire(run.current, run.event, token: $0) }
  }

  private func handled(_ run: HandlerRun, _ outcome: CallOutcome) {
    var run = run
    switch outcome {
    case .value(let json):
      let answer = try? JSONParser.parse(json)
      if case .bool(true)? = answer?["unauthorized"] { run.isRefused = true }
    case .nothing: break
    case .failure(let failure):
      host?.warn(
        "trigger '\(run.current.id.text)': function '\(run.current.functionID.text)' failed: \(failure.code): "
          + failure.message)
    }
    guard let next = run.rest.popLast() else { return run.done(run.isRefused) }
    run.current = next
    call(run)
  }

  /// A client joins; it may go on when its connection is told so.
  func join(_ subscription: StreamSubscription, _ connection: StreamConnection) {
    guard subscriptions.count(of: connection.number) < StreamSubscriptions.limit else {
      host?.warn(
        "a stream socket has \(StreamSubscriptions.limit) subscriptions already; subscription "
          + "'\(String(decoding: subscription.id, as: UTF8.self))' is refused")
      return refuse(subscription, connection)
    }
    run(joinTriggers, subscription.event(context: connection.context)) { [self] isRefused in
      if isRefused { return refuse(subscription, connection) }
      // Whoever was told that it joined is told that it left.
      if connection.isEnded { return leave(subscription, of: connection) {} }
      syncs.append(Sync(subscription: subscription, connection: connection))
      host?.continueSoon()
    }
  }

  private func refuse(_ subscription: StreamSubscription, _ connection: StreamConnection) {
    connection.send(StreamEvent.unauthorized(subscription).json(milliseconds: milliseconds))
    connection.mayGoOn()
  }

  /// Reads what new subscribers get first: now, because the tables show whether the stream has functions of its own.
  func turnCame(_ kernel: borrowing KernelView) {
    while let next = syncs.popFirst() {
      let (subscription, connection) = (next.subscription, next.connection)
      let kind = subscription.item == nil ? StreamFunction.list : .get
      let input = StreamInput(stream: subscription.stream, group: subscription.group, item: subscription.item)
      let begin = { [self] in
        if !connection.isEnded { subscriptions.add(subscription, of: connection.number) }
      }
      let done: (StreamOutcome) -> Void = { [self] in send($0, to: subscription, connection) }
      if let custom = kind.customID(for: input.stream), kernel.functions.route(custom) != nil {
        begin()
        self.begin(.custom(kind, done)) { host?.call(custom, input.payload(kind.fields), token: $0) }
      } else {
        backend?.sync(kind, input, begin: begin, then: done)
      }
    }
  }

  private func send(_ outcome: StreamOutcome, to subscription: StreamSubscription, _ connection: StreamConnection) {
    switch outcome {
    case .read(let value):
      let data = value ?? Array((subscription.item == nil ? "[]" : "null").utf8)
      connection.send(StreamEvent.sync(subscription, data).json(milliseconds: milliseconds))
    case .changed: break
    case .failed(let failure):
      host?.warn(
        "a stream socket that joined stream '\(String(decoding: subscription.stream, as: UTF8.self))' is not told what "
          + "is there: \(failure.code): \(failure.message)")
    }
    connection.mayGoOn()
  }

  /// A client leaves; `done` is called when all handlers have been called.
  func leave(_ subscription: StreamSubscription, of connection: StreamConnection, then done: @escaping () -> Void) {
    run(leaveTriggers, subscription.event(context: connection.context)) { [self] _ in
      subscriptions.remove(subscription.id, of: connection.number)
      done()
    }
  }

  // MARK: Connections

  /// Asks the auth function about a client; its connection is told when it is accepted. No answer refuses it.
  func authenticate(_ request: HTTPRequestHead, _ connection: StreamConnection, address: String) {
    guard let function = settings.authFunctionID else { return connection.accept(context: Array("null".utf8)) }
    let input = AuthenticationInput(headers: request.headers, query: request.query, ipAddress: "")
    let data: JSONValue = [
      "addr": .string(address), "headers": .object(input.headerValues), "path": .string(request.path),
      "query_params": .object(input.parameters),
    ]
    begin(.authentication(connection)) { host?.call(ByteKey(function), data.jsonBytes, token: $0) }
  }

  /// What an auth function has said of a client: JSON.
  private func context(_ outcome: CallOutcome) -> [UInt8] {
    let reason: String
    switch outcome {
    case .value(let json):
      let answer = try? JSONParser.parse(json)
      if let context = answer?["context"] { return context.jsonBytes }
      if case .object? = answer { return Array("null".utf8) }
      reason = "its result is no object"
    case .nothing: reason = "it returned nothing"
    case .failure(let failure): reason = "\(failure.code): \(failure.message)"
    }
    host?.warn(
      "auth function '\(settings.authFunctionID ?? "")': \(reason); the client is let in without a context: a function "
        + "of a stream:join trigger can refuse it")
    return Array("null".utf8)
  }

  /// A request for a path that is no stream socket.
  func note(wrongPath path: String) {
    guard wrongPaths.count < 100, wrongPaths.insert(ByteKey(path)).inserted else { return }
    host?.warn("a client asked for '\(path.prefix(200))': stream sockets are at \(url ?? "")/, whatever the stream")
  }

  func ended(_ connection: StreamConnection) {
    forgetTimer(of: connection)
    connections[connection.number] = nil
    leaveAll(subscriptions.removeAll(of: connection.number)[...], of: connection)
  }

  /// Calls the handlers for each subscription that a connection had, one after another.
  private func leaveAll(_ rest: ArraySlice<StreamSubscription>, of connection: StreamConnection) {
    guard let first = rest.first else { return }
    leave(first, of: connection) { [self] in leaveAll(rest.dropFirst(), of: connection) }
  }

  func forgetTimer(of connection: StreamConnection) {
    guard let timer = connection.timer else { return }
    connection.timer = nil
    timers[timer] = nil
    host?.cancel(timer)
  }

  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {
    guard let connection = timers.removeValue(forKey: token) else { return }
    connection.timer = nil
    connection.requestIsLate()
  }
}

extension StreamWorker: ListenerRole {
  func accepted(_ peer: Peer) -> (any ConnectionRole)? {
    lastConnection += 1
    let connection = StreamConnection(lastConnection, of: self, on: peer)
    connections[connection.number] = connection
    if let limit = host?.compatibility.handshakeTimeout, let timer = host?.schedule(after: limit) {
      connection.timer = timer
      timers[timer] = connection
    }
    return connection
  }
}

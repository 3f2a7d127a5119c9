internal import III
internal import UV

/// The kernel and what is around it: the router, the built-in workers, their timers, the engine's events. Confined to the
/// engine's loop: `EngineCore` owns it.
final class Engine {
  let loop: Loop
  let timers: LoopTimers
  private var configuration: MockEngine.Configuration
  private(set) var router: Router
  let peers: Peers
  private(set) lazy var listeners = Listeners(self, on: loop)
  let access: AccessGate
  let journal: JournalRecorder
  let faults: FaultTable
  /// Whether those who wait for entries of the journal are about to be woken.
  var willWakeWatchers = false
  /// Whether faults on connections are about to have their effect.
  var willMeetConnections = false
  /// The actor that owns the engine.
  weak var core: EngineCore?
  /// Ids, where the configuration has a seed.
  let random: SeededRandom?
  let stubs: StubTable
  /// What tests hold back.
  let holds = Holds()
  private(set) lazy var authentications = Authentications(
    self, closeCode: configuration.compatibility.authenticationCloseCode)
  /// Decides which requests of web pages are let in.
  private var pages: WebPages
  /// Files of built-in workers. `EngineCore` closes them when the engine has stopped.
  private(set) lazy var storage = Storage(on: timers) { [weak self] text in self?.note(.warning(text)) }
  /// The built-in workers whose paths these are.
  private var paths: [(path: BuiltInManifest.Path, worker: any BuiltInWorker)]

  private(set) var diagnostics: [Diagnostic] = []
  /// Called after each event.
  var onEvent: ((EngineEvent) -> Void)?

  /// Whether the router is at work: the outbox is looked at when it ends.
  private var isRouting = false
  private var willEmptyOutbox = false
  /// Built-in workers that asked for the next turn.
  private var continuing: Set<BuiltInID> = []
  private var started: [(worker: any BuiltInWorker, host: BuiltInHost)] = []
  private(set) var channels: ChannelsWorker?
  /// What was posted to the loop before the engine stopped may come after it.
  private var hasStopped = false
  /// The ports of built-in workers that left the choice to the system: a restart keeps them.
  private var chosenPorts: [ByteKey: [UInt16]] = [:]
  /// Those of the engine before the restart.
  private var formerPorts: [ByteKey: [UInt16]] = [:]

  private static let keptDiagnostics = 1000

  init(
    on loop: Loop, time: TimeSource, _ configuration: MockEngine.Configuration,
    _ commands: AccessCommands = AccessCommands(), stubs commandsOfStubs: StubCommands = StubCommands(),
    restarting old: Engine? = nil
  ) {
    stubs = old?.stubs ?? StubTable(commands: commandsOfStubs)
    self.loop = loop
    timers = LoopTimers(on: loop, source: time)
    self.configuration = configuration
    access = AccessGate(configuration.listeners, commands: commands)
    random = old?.random ?? configuration.seed.map { SeededRandom(seed: $0) }
    if let old { access.takeOver(old.access) }
    journal = old?.journal ?? JournalRecorder(configuration.journal, at: timers.now)
    faults = old?.faults ?? FaultTable(journal)
    router = Router(
      compatibility: configuration.compatibility, isTracingEnabled: configuration.isTracingEnabled,
      builtIns: configuration.settings.map { $0.makeWorker() }, access: access, journal: journal,
      faults: faults, random: random, stubs: stubs, startedAtMilliseconds: Int64(time.wallClock / 1_000_000))
    pages = WebPages(configuration)
    paths = Engine.paths(of: router)
    peers = Peers(on: loop, timers: timers, configuration, journal: journal, faults: faults)
    peers.engine = self
    journal.onEntry = { [unowned self] in wakeWatchersSoon() }
    access.onFault = { [unowned self] command in faults.apply(command) }
    faults.onConnectionFault = { [unowned self] in meetConnectionsSoon() }
    faults.onEnd = { [unowned self] fault in healSoon(fault) }
    if let old {
      faults.forgetConnections()
      formerPorts = old.chosenPorts
      router.restoreStubs()
      peers.continueNumbers(of: old.peers)
    }
  }

  /// Opens what the built-in workers need, in their order; stops those that were started if one cannot.
  func startBuiltIns() throws(MockEngineError) {
    for instance in router.builtIns { try start(instance.worker, instance.id, named: instance.manifest.name) }
  }

  private func start(_ worker: any BuiltInWorker, _ id: BuiltInID, named name: String) throws(MockEngineError) {
    let host = BuiltInHost(
      id, name: name, compatibility: configuration.compatibility, outbox: router.outbox, services: self)
    started.append((worker, host))
    if let channels = worker as? ChannelsWorker { self.channels = channels }
    do throws(MockEngineError) { try worker.start(host) } catch {
      // It has opened nothing, so there is nothing to stop.
      host.end()
      started.removeLast()
      throw error
    }
  }

  private static func paths(of router: Router) -> [(path: BuiltInManifest.Path, worker: any BuiltInWorker)] {
    router.builtIns.flatMap { instance in instance.manifest.paths.map { ($0, instance.worker) } }
  }

  // MARK: A changed configuration

  /// Which web pages and hosts are let in from now on.
  func admitPages(as configuration: MockEngine.Configuration) { pages = WebPages(configuration) }

  /// The connections of a listener are held against its present rules.
  func listenersChanged() {
    for worker in router.workers.all {
      let access = worker.access
      router.setGuard(of: worker.peer, access.isGuarded || access.isWaiting ? access : nil)
    }
    router.updateListings(at: Int64(wallClock / 1_000_000))
  }

  /// Starts a built-in worker; its functions and trigger types are there when this returns. Triggers that waited for its
  /// types are in force then.
  func add(_ worker: any BuiltInWorker) throws(MockEngineError) {
    let id = BuiltInID(index: UInt16(clamping: router.builtIns.count))
    guard id.index < .max else {
      throw .configuration("too many changes of the configuration: restart the engine")
    }
    try start(worker, id, named: worker.manifest.name)
    route { $0.add(worker, id, $1) }
    paths = Engine.paths(of: router)
    router.updateListings(at: Int64(wallClock / 1_000_000))
  }

  /// Ends a built-in worker with its connections and functions. Triggers of its types stay, and wait for it.
  func remove(_ worker: any BuiltInWorker) {
    let name = ByteKey(worker.manifest.name)
    worker.engineStops()
    listeners.close(of: name)
    _ = peers.endAll(because: "\(name.text) was removed from the configuration") { peer in
      if peer.builtIn == name { return true }
      if case .role(let role) = peer.phase, let owner = role.owner { return owner === worker }
      return false
    }
    route { $0.remove(worker, $1) }
    if let index = started.firstIndex(where: { $0.worker === worker }) {
      let (_, host) = started.remove(at: index)
      worker.stop()
      host.end()
    }
    chosenPorts[name] = nil
    paths = Engine.paths(of: router)
    router.updateListings(at: Int64(wallClock / 1_000_000))
  }

  /// Gives the built-in workers what those of an engine that has restarted kept in memory.
  func takeOver(_ old: Engine) {
    for instance in router.builtIns {
      let former = old.router.builtIns.first { type(of: $0.worker) == type(of: instance.worker) }
      if let former { instance.worker.takeOver(former.worker) }
    }
  }

  /// Forgets what tests have set and what was kept; connections, functions and triggers stay.
  func reset() {
    access.apply(.reset)
    access.forgetDenials()
    faults.reset()
    route { $0.apply(.reset, $1) }
    holds.releaseAll()
    diagnostics = []
    resetBuiltIns()
  }

  func resetBuiltIns() { for instance in router.builtIns { instance.worker.reset() } }

  /// Warns of faults that have had no effect, because the test that set them proves nothing.
  func noteUnmatchedFaults() {
    access.applyCommands()
    for (id, fault) in faults.unmatched { note(.warning("fault \(id) (\(fault)) has had no effect")) }
  }

  /// Ends everything: listeners, connections, built-in workers, timers.
  func shutDown() {
    access.applyCommands()
    for (worker, _) in started { worker.engineStops() }
    listeners.shutDown()
    peers.shutDown()
    for entry in router.functions.all { journal.counts.retire(entry.name) }
    hasStopped = true
    for (worker, host) in started.reversed() {
      worker.stop()
      host.end()
    }
    started = []
    channels = nil
    timers.close()
  }

  // MARK: Reading

  func hasFunction(_ id: ByteKey) -> Bool { router.functions.entry(id) != nil }
  func calls(of pattern: WildcardPattern) -> CallCounts.Count { journal.counts.count(of: pattern, router.functions) }
  func hasTriggerType(_ id: ByteKey) -> Bool { router.triggers.type(id) != nil }
  func hasTrigger(_ id: ByteKey) -> Bool { router.triggers.trigger(id) != nil }
  var triggerIDs: [String] { router.triggers.listed.map(\.id.text) }
  func hasWorker(named name: ByteKey) -> Bool {
    router.workers.all.contains { $0.metadata.name.map { ByteKey($0) } == name }
  }
  func label(of peer: PeerID) -> WorkerLabel? { router.workers[peer]?.label }

  /// The built-in worker with a name in configuration files, if the engine has it.
  func builtIn(named name: String) -> (any BuiltInWorker)? {
    router.builtIns.first { $0.manifest.name == name }?.worker
  }

  /// Whether a strict engine opens spans from now on.
  func setTracing(_ isEnabled: Bool) { router.setTracing(isEnabled) }

  /// The built-in worker of a type, if the engine has it.
  func builtIn<Worker: BuiltInWorker>(_ type: Worker.Type) -> Worker? {
    for instance in router.builtIns { if let worker = instance.worker as? Worker { return worker } }
    return nil
  }

  // MARK: Connections

  /// Checks whether a request may come from a web page, which every port has to do with every request; returns the
  /// answer to one that may not.
  func refusal(of request: HTTPRequestHead) -> HTTPResponse? {
    guard let refusal = pages.refusal(of: request) else { return nil }
    if pages.isNew(refusal) { note(.warning(refusal.note)) }
    return Upgrade.refusal(403, refusal.answer)
  }

  /// Gives a request to the built-in worker whose path it names; returns whether there is one.
  func admit(_ request: HTTPRequestHead, on peer: Peer) -> Bool {
    guard let worker = paths.first(where: { $0.path.covers(request.path) })?.worker else { return false }
    worker.admit(request, on: peer)
    return true
  }

  /// A worker's connection was accepted; `welcome` follows once messages can be sent to it.
  func connected(ipAddress: String?, _ access: ConnectionAccess) -> PeerID {
    route { router, _ in
      router.admit(ipAddress: ipAddress, atMilliseconds: Int64(wallClock / 1_000_000), access: access)
    }
  }

  /// Asks an auth function about a connection; `authenticated` follows.
  func ask(_ functionID: String, about token: AuthenticationToken, _ input: AuthenticationInput) {
    route { router, _ in router.authenticate(token, with: functionID, input) }
  }

  /// What decides whether a worker may call a function; `nil` if the worker is not connected.
  func explainAccess(to functionID: String, by workerID: String) -> AccessExplanation? {
    access.applyCommands()
    guard let worker = router.workers.all.first(where: { $0.id.description == workerID }) else { return nil }
    return access.explain(functionID, as: worker, router.functions)
  }

  /// Notes a denial outside of the router.
  func note(denial: AccessDenial) {
    access.note(denial)
    note(.accessDenied(denial))
  }

  /// Does what tests have asked of the stubs, also while no message comes.
  func applyStubCommands() { if !hasStopped { route { $0.applyStubCommands($1) } } }

  /// Gives the answer of a call that was answered later.
  func answer(_ token: ReplyToken, _ reply: BuiltInReply) {
    guard !hasStopped else { return }
    router.outbox.release(token)
    if router.outbox.add(.reply(token, reply)) { emptyOutboxSoon() }
  }

  func welcome(_ peer: PeerID) { route { $0.welcome(peer, $1) } }

  func disconnected(_ peer: PeerID, because reason: String) { route { $0.disconnect(peer, because: reason, $1) } }

  func read(
    _ reader: inout FrameReader, from peer: PeerID, within budget: ReadBudget
  ) -> Router.ConnectionEnd? {
    route { $0.read(&reader, from: peer, within: budget, $1) }
  }

  /// All changes of the router go through here. What built-in workers asked for meanwhile and is not done yet has its
  /// turn after other connections have had theirs.
  @inline(__always) func route<Result>(_ body: (inout Router, Engine) -> Result) -> Result {
    isRouting = true
    let result = body(&router, self)
    isRouting = false
    journal.changed()
    if !router.outbox.isEmpty { emptyOutboxNextTurn() }
    return result
  }

  private func emptyOutboxNextTurn() {
    guard !willEmptyOutbox else { return }
    willEmptyOutbox = true
    let me = LoopBound(self, on: loop)
    loop.post {
      let engine = me.value
      engine.willEmptyOutbox = false
      guard !engine.hasStopped else { return }
      engine.route { router, output in
        router.beginTurn(output)
        router.emptyOutbox(output)
      }
    }
  }
}

extension Engine: RouterOutput {
  // Called by the router, which is being changed meanwhile: nothing here looks at it.

  func send(text: some OutgoingText, to peer: PeerID) -> Int { peers.send(text: text, to: peer) }
  func pong(_ payload: ByteView, to peer: PeerID) { peers.pong(payload, to: peer) }
  func ponged(_ payload: ByteView, from peer: PeerID) { peers.ponged(payload, from: peer) }
  func applyStubCommandsSoon() {
    let me = LoopBound(self, on: loop)
    loop.post { me.value.applyStubCommands() }
  }
  func newID() -> UUID128 { random?.id() ?? .random() }
  var isTurnOver: Bool { loop.isTurnOver }
  func connection(of worker: PeerID) -> Peer? { peers.connection(of: worker) }
  func pause(_ peer: PeerID) { peers.connection(of: peer)?.pause(.hook) }
  func resume(_ peer: PeerID) { peers.connection(of: peer)?.resume(.hook) }

  func authenticated(_ token: AuthenticationToken, _ verdict: Result<AccessSession, AccessSession.Refusal>) {
    guard authentications.decide(token, verdict) else { return }
    let me = LoopBound(self, on: loop)
    loop.post { if !me.value.hasStopped { me.value.authentications.actOnVerdicts() } }
  }

  func drop(_ peer: PeerID, because reason: String) { peers.drop(peer, because: reason) }

  var wantsEvents: Bool { configuration.onEvent != nil }
  var now: UInt64 { timers.now }
  var wallClock: UInt64 { timers.source.wallClock }
  var canWallClockBeSet: Bool { !timers.source.isManual }

  func note(_ event: EngineEvent) {
    if case .workerDisconnected(let label, _) = event { journal.leaving = label }
    if case .workerConnected = event, faults.concernsConnections { meetConnectionsSoon() }
    if let entry = event.journalEvent { journal.note(.event(entry), connection: journal.connection, at: timers.now) }
    if case .frameIgnored(let diagnostic) = event {
      if diagnostics.count == Engine.keptDiagnostics { diagnostics.removeFirst() }
      diagnostics.append(diagnostic)
    }
    configuration.onEvent?(event)
    onEvent?(event)
  }

  func schedule(_ timer: KernelTimer, at moment: UInt64) -> TimerToken {
    var token: TimerToken?
    let scheduled = timers.schedule(at: moment) { [unowned self] in
      guard let token else { return }
      route { $0.timerFired(token, timer, $1) }
    }
    token = scheduled
    return scheduled
  }

  func cancel(_ token: TimerToken) { timers.cancel(token) }

  func continueNextTurn(_ worker: BuiltInID) {
    guard continuing.insert(worker).inserted else { return }
    let me = LoopBound(self, on: loop)
    loop.post {
      let engine = me.value
      engine.continuing.remove(worker)
      guard !engine.hasStopped else { return }
      engine.route { $0.turnCame(worker, $1) }
    }
  }

  func emptyOutboxSoon() { if !isRouting { emptyOutboxNextTurn() } }

  func store(at location: Storage.Location) throws(StoreError) -> Store { try storage.store(at: location) }

  func later(_ body: @escaping () -> Void) {
    let me = LoopBound((engine: self, body: body), on: loop)
    loop.post { if !me.value.engine.hasStopped { me.value.body() } }
  }

  func stopListening(at address: SocketAddress) { listeners.close(address) }

  func resolve(_ host: String, _ done: @escaping ([SocketAddress], UVError?) -> Void) {
    Resolver.resolve(host, port: 0, on: loop) { [weak self] addresses, error in
      // The engine may have stopped meanwhile.
      if self?.hasStopped == false { done(addresses, error) }
    }
  }

  func makeHTTPClient(authorities: String?) -> HTTPClient? { HTTPClient(on: loop, authorities: authorities) }

  func listen(
    host: String, port: UInt16, _ role: any ListenerRole, for name: String
  ) throws(MockEngineError) -> SocketAddress {
    let worker = ByteKey(name)
    guard port == 0 else { return try listeners.listen(host: host, port: port, role, builtIn: worker) }
    let number = chosenPorts[worker]?.count ?? 0
    let former = formerPorts[worker].flatMap { $0.indices.contains(number) ? $0[number] : nil }
    let address = try listeners.listen(host: host, port: former ?? 0, role, builtIn: worker)
    chosenPorts[worker, default: []].append(address.port)
    return address
  }
}

extension BuiltInManifest.Path {
  fileprivate func covers(_ path: String) -> Bool {
    switch self {
    case .exactly(let own): path.utf8.elementsEqual(own.utf8)
    case .below(let prefix): path.utf8.starts(with: prefix.utf8)
    }
  }
}

import Testing
import UV

@testable import III
@testable import IIIMockEngine

/// Plays the connections of a router: keeps what it sends to whom, and what it says.
final class RouterRecorder: RouterOutput {
  struct Sent: Equatable {
    let peer: PeerID
    let text: String
  }

  private(set) var sent: [Sent] = []
  private(set) var dropped: [PeerID] = []
  private(set) var events: [EngineEvent] = []
  var wantsEvents = true
  /// Time, which stands still until a test moves it.
  var now: UInt64 = 1_000_000_000
  var wallClock: UInt64 = 1_767_225_600_000_000_000

  func send(text message: some OutgoingText, to peer: PeerID) -> Int {
    var text = TextCollector()
    message.compose(into: &text)
    #expect(text.bytes.count == message.byteCount)
    sent.append(Sent(peer: peer, text: String(decoding: text.bytes, as: UTF8.self)))
    return text.bytes.count
  }

  func pong(_ payload: ByteView, to peer: PeerID) {}

  /// The connections of which nothing is handled.
  private(set) var paused: Set<PeerID> = []
  private(set) var verdicts: [(AuthenticationToken, Result<AccessSession, AccessSession.Refusal>)] = []

  func pause(_ peer: PeerID) { paused.insert(peer) }
  func resume(_ peer: PeerID) { paused.remove(peer) }
  func authenticated(_ token: AuthenticationToken, _ verdict: Result<AccessSession, AccessSession.Refusal>) {
    verdicts.append((token, verdict))
  }

  func drop(_ peer: PeerID, because reason: String) { dropped.append(peer) }
  func store(at location: Storage.Location) throws(StoreError) -> Store { Store() }
  func note(_ event: EngineEvent) { events.append(event) }

  // MARK: Services

  struct Timer {
    let token: TimerToken
    let timer: KernelTimer
    let moment: UInt64
  }

  private(set) var timers: [Timer] = []
  private var lastTimer: UInt32 = 0
  private(set) var continuing: [BuiltInID] = []

  func schedule(_ timer: KernelTimer, at moment: UInt64) -> TimerToken {
    lastTimer += 1
    let token = TimerToken(slot: lastTimer, generation: 0)
    timers.append(Timer(token: token, timer: timer, moment: moment))
    return token
  }

  func cancel(_ token: TimerToken) { timers.removeAll { $0.token == token } }
  func continueNextTurn(_ worker: BuiltInID) { continuing.append(worker) }
  func emptyOutboxSoon() {}

  func listen(
    host: String, port: UInt16, _ role: any ListenerRole, for name: String
  ) throws(MockEngineError) -> SocketAddress {
    throw .cannotListen(host: host, port: Int(port), reason: "a recorder has no sockets")
  }

  /// The earliest timer that is due at `moment`, taken out.
  func takeDue(at moment: UInt64) -> Timer? {
    guard let due = timers.filter({ $0.moment <= moment }).min(by: { $0.moment < $1.moment }) else { return nil }
    cancel(due.token)
    return due
  }

  func takeContinuing() -> [BuiltInID] {
    defer { continuing = [] }
    return continuing
  }

  var warnings: [String] { events.compactMap { if case .warning(let text) = $0 { text } else { nil } } }

  /// The messages since the last call, for one peer.
  func take(_ peer: PeerID) -> [JSONValue] {
    let texts = sent.filter { $0.peer == peer }.map(\.text)
    sent.removeAll { $0.peer == peer }
    return texts.compactMap { try? JSONValue(parsing: $0) }
  }

  var diagnostics: [Diagnostic] {
    events.compactMap { if case .frameIgnored(let diagnostic) = $0 { diagnostic } else { nil } }
  }
}

/// Keeps a message's text.
private struct TextCollector: FrameSink {
  var bytes: [UInt8] = []

  mutating func append(_ text: StaticString) { bytes += ByteView(text).array }
  mutating func append(_ view: ByteView) { bytes += view.array }
  mutating func append(_ bytes: [UInt8]) { self.bytes += bytes }
  mutating func append(_ id: UUID128) { bytes += Array(id.description.utf8) }
  mutating func append(quoting text: String) { bytes += JSONText.quoted(text) }
}

/// A router with its recorder.
struct RouterBench {
  var router: Router
  let output = RouterRecorder()

  init(
    _ compatibility: Compatibility = .v0_13, isTracingEnabled: Bool = false,
    observability: ObservabilitySettings = ObservabilitySettings(isEnabled: false),
    adding more: [any BuiltInWorker] = [], listeners: [MockEngine.Configuration.Listener] = [.init()]
  ) {
    var selection = BuiltInSelection()
    selection.set(observability)
    let settings = selection.resolved(on: observability.isEnabled ? [.observability] : [])
    router = Router(
      compatibility: compatibility, isTracingEnabled: isTracingEnabled,
      builtIns: settings.map { $0.makeWorker() } + more, access: AccessGate(listeners),
      startedAtMilliseconds: 5)
    for instance in router.builtIns {
      #expect(throws: Never.self) {
        try instance.worker.start(
          BuiltInHost(
            instance.id, name: instance.manifest.name, compatibility: compatibility, outbox: router.outbox,
            services: output))
      }
    }
  }

  /// The built-in worker of a type.
  func builtIn<Worker: BuiltInWorker>(_ type: Worker.Type) throws -> Worker {
    try #require(router.builtIns.lazy.compactMap { $0.worker as? Worker }.first)
  }

  /// Turns of the loop, until nobody asks for one more.
  mutating func settle() {
    while true {
      router.beginTurn(output)
      router.emptyOutbox(output)
      let continuing = output.takeContinuing()
      for worker in continuing { router.turnCame(worker, output) }
      if continuing.isEmpty && router.outbox.isEmpty { return }
    }
  }

  /// Moves the time on, and has the timers fire that become due.
  mutating func advance(by span: Duration) {
    let target = output.now.advanced(by: span)
    while let due = output.takeDue(at: target) {
      output.now = max(output.now, due.moment)
      router.timerFired(due.token, due.timer, output)
      settle()
    }
    output.now = target
  }

  /// A worker of a listener with access control, with the session that an auth function's result grants.
  mutating func connect(on listener: Int, session: JSONValue = [:], _ name: String? = nil) throws -> PeerID {
    let access = ConnectionAccess(
      on: router.access.listeners[listener], try AccessSession(authResult: session, readsNamespaces: true))
    let peer = router.admit(ipAddress: "127.0.0.1", atMilliseconds: 1, access: access)
    router.welcome(peer, output)
    settle()
    if let name { introduce(peer, name) }
    _ = output.take(peer)
    return peer
  }

  private mutating func introduce(_ peer: PeerID, _ name: String) {
    send(
      peer,
      #"{"type":"invokefunction","function_id":"engine::workers::register","data":{"name":"\#(name)","pid":1},"action":{"type":"void"}}"#
    )
  }

  /// A worker that has read its welcome.
  mutating func connect(_ name: String? = nil, functions: String...) -> PeerID {
    let peer = router.admit(ipAddress: "127.0.0.1", atMilliseconds: 1)
    router.welcome(peer, output)
    settle()
    if let name { introduce(peer, name) }
    for function in functions { send(peer, #"{"type":"registerfunction","id":"\#(function)"}"#) }
    _ = output.take(peer)
    return peer
  }

  mutating func send(_ peer: PeerID, _ text: String) {
    router.beginTurn(output)
    Array(text.utf8).withView { router.receive($0, from: peer, output) }
    settle()
  }

  /// A binary message; returns whether a built-in worker took it.
  mutating func send(_ peer: PeerID, binary bytes: [UInt8]) -> Bool {
    router.beginTurn(output)
    let isTaken = bytes.withView { router.receive(binary: $0, from: peer) }
    settle()
    return isTaken
  }

  /// Calls a function under the id of number `n`.
  mutating func call(_ peer: PeerID, _ n: Int, _ function: String, _ data: String = "{}", _ more: String = "") {
    send(
      peer,
      #"{"type":"invokefunction","invocation_id":"\#(id(n))","function_id":"\#(function)","data":\#(data)\#(more)}"#)
  }

  mutating func answer(_ peer: PeerID, _ id: String, _ outcome: String) {
    send(peer, #"{"type":"invocationresult","invocation_id":"\#(id)","function_id":"f"\#(outcome)}"#)
  }

  mutating func disconnect(_ peer: PeerID) {
    router.disconnect(peer, because: "test", output)
    settle()
  }

  func workerID(_ peer: PeerID) -> JSONValue { .string(router.workers[peer]?.id.description ?? "") }
}

/// The UUID of a number.
func id(_ n: Int) -> String {
  let digits = String(n, radix: 16)
  return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
}

extension Router {
  /// Calls in which a worker takes part, as listings show them.
  func active(_ peer: PeerID) -> Int { busy.active(peer, in: invocations) }
}

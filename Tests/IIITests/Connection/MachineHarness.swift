import Testing
import UV

@testable import III

/// A machine with its own clock and no socket, and a record of its actions.
struct MachineHarness {
  var machine: ConnectionMachine
  /// In nanoseconds.
  var now: UInt64 = 1_000_000_000
  /// Messages, pings, pongs and Closes as text, in the order in which they were written.
  var written: [String] = []
  var states: [IIIConnectionState] = []
  var logs: [String] = []
  var runs: [(function: RegisteredFunction, invocation: InboundInvocation)] = []
  private(set) var triggersAdded: [InboundTrigger] = []
  private(set) var triggersRemoved: [InboundTrigger] = []
  var dials = 0
  /// When each connection attempt began, in milliseconds since the start.
  var dialTimes: [UInt64] = []
  var drops = 0
  var flushedDrops = 0
  var workerIDs: [String] = []
  var rejections: [RegistrationRejectedError] = []
  var hasShutDown = false
  var failures: [String] = []
  /// The number of bytes that the transport was given on this connection, and of those that the socket has accepted.
  var bytesWritten: UInt64 = 0
  var bytesSent: UInt64 = 0
  /// How many bytes the socket accepts before it refuses bytes; `nil` for any number.
  var room: UInt64?
  /// Frames in the transport whose last byte the socket has not accepted.
  private var kept: [(end: UInt64, bytes: [UInt8])] = []
  let outcomes = Outcomes()

  /// The outcomes of calls; each call must end once.
  final class Outcomes: Sendable {
    private let ended = Lock<[String: String]>([:])
    private let twice = Lock<[String]>([])
    /// The calls in the order in which they ended.
    private let sequence = Lock<[String]>([])

    func note(_ name: String, _ outcome: CallOutcome) {
      let text =
        switch outcome {
        case .success(let json): String(decoding: json, as: UTF8.self)
        case .failure(let error as IIIInvocationError): "\(error.code): \(error.message)"
        case .failure(let error): "\(error)"
        }
      let isFirst = ended.withLock { $0.updateValue(text, forKey: name) == nil }
      if !isFirst { twice.withLock { $0.append(name) } }
      sequence.withLock { $0.append(name) }
    }

    subscript(name: String) -> String? { ended.withLock { $0[name] } }
    var count: Int { ended.withLock { $0.count } }
    var endedTwice: [String] { twice.withLock { $0 } }
    var inOrder: [String] { sequence.withLock { $0 } }
  }

  struct Introduction: OutboundMessage {
    func write(to sink: inout some ByteSink) { sink.append("introduction") }
  }

  init(_ change: (inout ConnectionMachine.Configuration) -> Void = { _ in }) {
    var configuration = ConnectionMachine.Configuration(address: "ws://engine", introduction: Introduction())
    configuration.random = { 0 }
    change(&configuration)
    machine = ConnectionMachine(configuration)
  }

  /// A connected harness; what was written before is removed.
  static func connected(_ change: (inout ConnectionMachine.Configuration) -> Void = { _ in }) -> MachineHarness {
    var harness = MachineHarness(change)
    harness.connect()
    harness.written = []
    return harness
  }

  // MARK: Events

  mutating func event(_ body: (inout ConnectionMachine, UInt64) -> Void) {
    machine.noteSent(bytesSent, now: now)
    body(&machine, now)
    act()
    pump()
  }

  private mutating func act() {
    var batch: [ConnectionMachine.Action] = []
    while machine.hasActions {
      machine.takeActions(into: &batch)
      for action in batch { perform(action) }
    }
  }

  /// Acts as a transport at the end of a turn: asks for output, passes it to the socket, takes back what the socket refuses.
  private mutating func pump() {
    guard machine.hasOutput else { return }
    while true {
      var frames: [[UInt8]] = []
      guard machine.fill({ frames.append($0) }) else { break }
      act()
      for frame in frames {
        bytesWritten += UInt64(frame.count)
        kept.append((bytesWritten, frame))
      }
      accept()
      if bytesSent < bytesWritten {
        let (keep, probe) = machine.refused(after: bytesSent, now: now)
        kept.removeAll { $0.end > keep }
        bytesWritten = keep
        if !probe.isEmpty {
          bytesWritten += UInt64(probe.count)
          kept.append((bytesWritten, probe))
        }
        return
      }
    }
  }

  /// The socket accepts as many bytes as it has room for.
  private mutating func accept() {
    let count = min(bytesWritten - bytesSent, room ?? .max)
    bytesSent += count
    room = room.map { $0 - count }
    while let first = kept.first, first.end <= bytesSent {
      written.append(contentsOf: Self.decode(first.bytes))
      kept.removeFirst()
    }
  }

  /// The socket accepts `bytes` more bytes, or any number.
  mutating func makeRoom(_ bytes: UInt64? = nil) {
    room = bytes
    let wasBehind = bytesSent < bytesWritten
    accept()
    let isDrained = wasBehind && bytesSent == bytesWritten
    event { machine, now in if isDrained { machine.drained(now: now) } }
  }

  /// The state without its associated values.
  enum Phase { case disconnected, connecting, handshaking, connected, reconnecting, failed, closing, shutDown }

  var phase: Phase {
    switch machine.state {
    case .disconnected: .disconnected
    case .connecting: .connecting
    case .handshaking: .handshaking
    case .connected: .connected
    case .reconnecting: .reconnecting
    case .failed: .failed
    case .closing: .closing
    case .shutDown: .shutDown
    }
  }

  mutating func start() { event { $0.start(now: $1) } }

  mutating func connect() {
    start()
    open()
  }

  mutating func open() {
    event { machine, _ in machine.dialled() }
    forgetStream()
    event { $0.opened(now: $1) }
  }

  private mutating func forgetStream() {
    bytesWritten = 0
    bytesSent = 0
    kept = []
    room = nil
  }

  mutating func end(_ reason: String = "reset") { event { $0.ended(reason, now: $1) } }

  mutating func receive(_ message: String) {
    Array(message.utf8).withView { view in
      event {
        $0.noteInbound(now: $1)
        $0.received(message: view, now: $1)
      }
    }
  }

  mutating func close(_ code: UInt16?, _ reason: String = "") {
    event { $0.received(close: CloseReason(code: code, reason: reason), now: $1) }
  }

  /// Advances the clock, deadline by deadline.
  mutating func advance(_ span: Duration) {
    let target = now.advanced(by: span)
    while let next = machine.nextDeadline, next <= target {
      now = max(now, next)
      event { $0.timeReached($1) }
    }
    now = target
  }

  /// Makes a call whose message is its name, with `size` more bytes.
  @discardableResult
  mutating func call(
    _ name: String, timeout: Duration = .seconds(30), size: Int = 0, hasResult: Bool = true
  ) -> UUID128 {
    let id = UUID128.random()
    let call = PendingCall(
      id: id, functionID: "f::\(name)", message: Self.message(name, size), hasResult: hasResult, timeout: timeout,
      now: now
    ) { [outcomes] in outcomes.note(name, $0) }
    event { $0.call(call, now: $1) }
    return id
  }

  /// Makes a call without a result whose caller does not wait.
  mutating func send(_ name: String, size: Int = 0) {
    event { machine, _ in machine.callWithoutResult(Self.message(name, size)) }
  }

  /// Sends a handler's answer.
  mutating func reply(_ name: String, to connection: Int, size: Int = 0) {
    event { machine, _ in machine.reply(Self.message(name, size), to: connection) }
  }

  static func message(_ text: String, _ size: Int = 0) -> Outbound {
    Outbound(frame: frame(text + String(repeating: ".", count: size)))
  }

  mutating func register(_ id: String) {
    let function = RegisteredFunction(RegisterFunctionMessage(id: id), .task { .result($0) })
    event { machine, _ in machine.register(function) }
  }

  static func frame(_ text: String) -> [UInt8] {
    let bytes = Array(text.utf8)
    return ClientFrame.text(count: bytes.count) { $0.append(bytes) }
  }

  static func result(_ id: UUID128, _ rest: String) -> String {
    "{\"type\":\"invocationresult\",\"invocation_id\":\"\(id)\",\"function_id\":\"f\"\(rest)}"
  }

  // MARK: The machine's actions

  private mutating func perform(_ action: ConnectionMachine.Action) {
    switch action {
    case .dial:
      dials += 1
      dialTimes.append((now - 1_000_000_000) / 1_000_000)
    case .drop:
      drops += 1
      forgetStream()
    case .close(let frame):
      written.append(contentsOf: Self.decode(frame))
      flushedDrops += 1
      forgetStream()
    case .giveUp(let error): failures.append("\(error)")
    case .complete(let call, let outcome): call.complete(outcome)
    case .run(let function, let invocation): runs.append((function, invocation))
    case .registerTrigger(_, let trigger, _): triggersAdded.append(trigger)
    case .unregisterTrigger(_, let trigger): triggersRemoved.append(trigger)
    case .report(let state): states.append(state)
    case .identified(let workerID): workerIDs.append(workerID)
    case .rejected(let rejection): rejections.append(rejection)
    case .log(let level, let message): logs.append("\(level.rawValue) \(message)")
    case .didShutDown: hasShutDown = true
    }
  }

  /// Decodes the frames in a client's bytes.
  static func decode(_ bytes: [UInt8]) -> [String] {
    var bytes = bytes
    var texts: [String] = []
    var reader = FrameReader(role: .server)
    bytes.withUnsafeMutableBytes { memory in
      reader.append(memory)
      while let event = reader.next() {
        switch event {
        case .text(let text): texts.append(text.string)
        case .binary(let data): texts.append("binary \(data.count)")
        case .ping(let payload): texts.append("ping \(payload.string)")
        case .pong(let payload): texts.append("pong \(payload.string)")
        case .close(let reason): texts.append("close \(reason.code.map(String.init) ?? "-")")
        case .skipped: texts.append("skipped")
        case .violation(let violation): texts.append("violation \(violation)")
        }
      }
    }
    return texts
  }
}

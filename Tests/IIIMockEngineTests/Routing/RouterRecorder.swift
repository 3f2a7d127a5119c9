import Testing

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

  /// How many messages the channels hold that were made.
  private(set) var capacities: [Int?] = []

  func makeChannel(capacity: Int?) -> ChannelName {
    capacities.append(capacity)
    return .random()
  }

  func pong(_ payload: ByteView, to peer: PeerID) {}

  func drop(_ peer: PeerID, because reason: String) { dropped.append(peer) }
  func note(_ event: EngineEvent) { events.append(event) }

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
private struct TextCollector: ByteSink {
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
    observability: ObservabilitySettings = ObservabilitySettings(isEnabled: false)
  ) {
    router = Router(
      compatibility: compatibility, isTracingEnabled: isTracingEnabled, observability: observability,
      inProcess: InProcessWorker.all(listeners: 1, atMilliseconds: 5))
  }

  /// A worker that has read its welcome.
  mutating func connect(_ name: String? = nil, functions: String...) -> PeerID {
    let peer = router.admit(ipAddress: "127.0.0.1", atMilliseconds: 1)
    router.welcome(peer, output)
    if let name {
      send(
        peer,
        #"{"type":"invokefunction","function_id":"engine::workers::register","data":{"name":"\#(name)","pid":1},"action":{"type":"void"}}"#
      )
    }
    for function in functions { send(peer, #"{"type":"registerfunction","id":"\#(function)"}"#) }
    _ = output.take(peer)
    return peer
  }

  mutating func send(_ peer: PeerID, _ text: String) {
    router.now = output.now
    Array(text.utf8).withView { router.receive($0, from: peer, output) }
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

  mutating func disconnect(_ peer: PeerID) { router.disconnect(peer, because: "test", output) }

  func workerID(_ peer: PeerID) -> JSONValue { .string(router.workers[peer]?.id.description ?? "") }
}

/// The UUID of a number.
func id(_ n: Int) -> String {
  let digits = String(n, radix: 16)
  return "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
}

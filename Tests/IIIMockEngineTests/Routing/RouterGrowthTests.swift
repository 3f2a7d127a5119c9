import TestSupport
import Testing
import UV

@testable import III
@testable import IIIMockEngine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What an event costs must not depend on how much else the engine holds. Costs are compared with each other, never with
/// a clock: the time that this thread computed, at best of several attempts, with little and with much in the tables.
@Suite struct RouterGrowthTests {
  /// The nanoseconds that this thread has computed.
  private static func computed() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// The least cost of several attempts.
  private static func cost(_ attempts: Int = 5, of attempt: (Int) -> Void) -> Double {
    (0..<attempts).map { number in
      let begin = computed()
      attempt(number)
      return Double(computed() - begin)
    }.min() ?? 0
  }

  /// A router with a worker, and an output that keeps nothing.
  struct Setting {
    var router = RouterBench().router
    let output = Sink()
    var worker = PeerID.none

    init() { worker = connect() }

    mutating func connect() -> PeerID {
      let peer = router.admit(ipAddress: nil, atMilliseconds: 1)
      router.welcome(peer, output)
      return peer
    }

    mutating func send(_ peer: PeerID, _ text: String) {
      Array(text.utf8).withView { router.receive($0, from: peer, output) }
    }

    mutating func call(_ peer: PeerID, _ number: Int, _ function: String) {
      send(
        peer,
        #"{"type":"invokefunction","invocation_id":"\#(id(number))","function_id":"\#(function)","data":{}}"#)
    }
  }

  /// What is registered, and unregistered, one message each.
  enum Kind: String, CaseIterable {
    case function, trigger, triggertype

    func registration(_ number: Int) -> String {
      switch self {
      case .function: #"{"type":"registerfunction","id":"a::function::number::\#(number)"}"#
      case .trigger:
        #"{"type":"registertrigger","id":"a-trigger-of-number-\#(number)","trigger_type":"t","function_id":"f\#(number)","config":{}}"#
      case .triggertype: #"{"type":"registertriggertype","id":"a-type-of-number-\#(number)","description":""}"#
      }
    }

    func unregistration(_ number: Int) -> String {
      switch self {
      case .function: #"{"type":"unregisterfunction","id":"a::function::number::\#(number)"}"#
      case .trigger: #"{"type":"unregistertrigger","id":"a-trigger-of-number-\#(number)","trigger_type":"t"}"#
      case .triggertype: #"{"type":"unregistertriggertype","id":"a-type-of-number-\#(number)"}"#
      }
    }
  }

  @Test("registering and unregistering cost the same however many a worker has", arguments: Kind.allCases)
  func registrations(kind: Kind) {
    var setting = Setting()
    setting.send(setting.worker, #"{"type":"registertriggertype","id":"t","description":""}"#)
    var count = 0
    func fill(to size: Int) {
      while count < size {
        setting.send(setting.worker, kind.registration(count))
        count += 1
      }
    }
    func costOfMore() -> Double {
      Self.cost { _ in
        fill(to: count + 200)
        for number in count - 200..<count { setting.send(setting.worker, kind.unregistration(number)) }
        count -= 200
      }
    }
    fill(to: 500)
    let few = costOfMore()
    fill(to: kind == .function ? 25_000 : 8_000)
    let many = costOfMore()
    #expect(many < few * 3, "\(kind): 200 cost \(few) ns among 500, \(many) ns among \(count)")
  }

  @Test("a worker's end costs what the worker had, whatever the others have") func disconnects() {
    var setting = Setting()
    for number in 0..<20 {
      setting.send(setting.worker, #"{"type":"registerfunction","id":"f\#(number)"}"#)
    }
    var calls = 0
    /// Calls of one caller that nobody answers.
    func open(_ count: Int, by caller: PeerID) {
      for _ in 0..<count {
        calls += 1
        setting.call(caller, calls, "f\(calls % 20)")
      }
    }
    /// The end of a worker that has functions, triggers, a type and open calls.
    func costOfAnEnd() -> Double {
      let leavers = (0..<5).map { _ in setting.connect() }
      for (number, leaver) in leavers.enumerated() {
        for kind in Kind.allCases {
          for index in 0..<5 { setting.send(leaver, kind.registration(1_000_000 + number * 5 + index)) }
        }
        open(20, by: leaver)
      }
      return Self.cost { setting.router.disconnect(leavers[$0], because: "test", setting.output) }
    }
    let few = costOfAnEnd()
    let other = setting.connect()
    for number in 0..<5_000 {
      for kind in Kind.allCases { setting.send(other, kind.registration(number)) }
    }
    open(20_000, by: other)
    let many = costOfAnEnd()
    #expect(many < few * 4, "an end cost \(few) ns at first, \(many) ns beside much else")
  }

  @Test("after a peak the tables give their memory back") func shrinking() {
    var setting = Setting()
    let other = setting.connect()
    setting.send(other, #"{"type":"registerfunction","id":"stays"}"#)
    setting.call(setting.worker, 1, "stays")
    var peers: [PeerID] = []
    for number in 0..<10_000 {
      for kind in [Kind.function, .trigger] { setting.send(setting.worker, kind.registration(number)) }
      setting.call(other, number + 10, "a::function::number::\(number)")
      peers.append(setting.connect())
    }
    #expect(setting.router.invocations.capacity > 10_000 && setting.router.functions.capacity > 10_000)
    for peer in peers.reversed() { setting.router.disconnect(peer, because: "test", setting.output) }
    for number in 0..<9_990 {
      setting.send(
        setting.worker,
        #"{"type":"invocationresult","invocation_id":"\#(id(number + 10))","function_id":"f","result":1}"#)
      for kind in [Kind.function, .trigger] { setting.send(setting.worker, kind.unregistration(number)) }
    }
    #expect(setting.router.invocations.capacity < 4096 && setting.router.invocations.count == 11)
    #expect(setting.router.functions.capacity < 4096 && setting.router.triggers.capacity < 4096)
    #expect(setting.router.workers.capacity == 2)
    #expect(setting.router.functions.entry("a::function::number::9999") != nil)
    let ended = setting.router.invocations.removeAll(of: setting.worker)
    #expect(ended.map(\.id.description) == [id(1)] + (9_990..<10_000).map { id($0 + 10) })
  }

  /// Carries nothing out.
  final class Sink: RouterOutput {
    let wantsEvents = false
    let now: UInt64 = 1
    let wallClock: UInt64 = 1

    func send(text: some OutgoingText, to peer: PeerID) -> Int { 0 }
    func pong(_ payload: ByteView, to peer: PeerID) {}
    func pause(_ peer: PeerID) {}
    func resume(_ peer: PeerID) {}
    func authenticated(_ token: AuthenticationToken, _ verdict: Result<AccessSession, AccessSession.Refusal>) {}
    func drop(_ peer: PeerID, because reason: String) {}
    func store(at location: Storage.Location) throws(StoreError) -> Store { Store() }
    func note(_ event: EngineEvent) {}
    func schedule(_ timer: KernelTimer, at moment: UInt64) -> TimerToken { TimerToken(slot: 0, generation: 0) }
    func cancel(_ token: TimerToken) {}
    func continueNextTurn(_ worker: BuiltInID) {}
    func emptyOutboxSoon() {}

    func listen(
      host: String, port: UInt16, _ role: any ListenerRole, for name: String
    ) throws(MockEngineError) -> SocketAddress {
      throw .stopped
    }
  }
}

import III
import TestSupport
import UV

/// An engine with two sound workers, who call each other all the time, and guests that send mutated frames.
///
/// What is checked: the engine says nothing that is no message; the sound workers stay connected; every call that can
/// be answered ends once, and every other when the one who should answer has left.
final class EngineVisits {
  private let loop: Loop
  private let address: SocketAddress
  /// Where guests connect.
  private let guestAddress: SocketAddress
  private var forge: FrameForge
  private var random: SeededGenerator
  private var mutator: MessageMutator

  private let caller: FuzzPeer
  private let callee: FuzzPeer
  private var guests: [FuzzPeer] = []
  private var ledger = CallLedger()
  private var frames = 0
  private var connections = 0

  private let steps: Steps

  private static let echo = "fuzz::echo"
  private static let guestCount = 4
  /// Rounds after which all guests leave, and nothing may be owed any more.
  private static let roundsPerVisit = 12

  init(on loop: Loop, address: SocketAddress, guestAddress: SocketAddress, corpus: Corpus, random: SeededGenerator) {
    var random = random
    self.loop = loop
    self.address = address
    self.guestAddress = guestAddress
    steps = Steps(on: loop)
    forge = FrameForge(messages: corpus.toEngine, others: corpus.toWorker, isMasked: true, random: random.split())
    mutator = MessageMutator(others: corpus.toEngine)
    self.random = random
    caller = FuzzPeer(name: "the sound caller", loop: loop)
    callee = FuzzPeer(name: "the sound callee", loop: loop)
    steps.late = { [unowned self] in
      (guests + [self.caller, self.callee]).filter { !$0.isFenced || ledger.awaits($0) }
        .map { $0.isFenced ? $0.name : "\($0.name), its ping is not answered" }
        .joined(separator: "; ") + "; open calls: \(ledger.openCalls)"
    }
  }

  func close() {
    for peer in guests + [caller, callee] { peer.leave(0) }
    steps.close()
  }

  var counts: FuzzCounts { FuzzCounts(frames: frames, connections: connections, ledger) }

  // MARK: Rounds

  /// Connects the sound workers.
  func open(_ done: @escaping (FuzzFailure?) -> Void) {
    steps.run(done) { connectSoundWorkers() }
  }

  private func connectSoundWorkers() {
    connect(callee, to: address)
    steps.wait(for: "the sound callee to connect", { [callee] in callee.isOpen }) { [unowned self] in
      callee.send(text: #"{"type":"registerfunction","id":"\#(Self.echo)"}"#)
      callee.fence()
      connect(caller, to: address)
      steps.wait(for: "the sound workers to be ready", { [unowned self] in callee.isFenced && caller.isOpen }) {
        [unowned self] in steps.finish()
      }
    }
  }

  /// A visit of guests: rounds of mutated frames, after which they leave and every call has ended.
  func run(_ done: @escaping (FuzzFailure?) -> Void) {
    steps.run(done) { runRound(left: Self.roundsPerVisit) }
  }

  private func runRound(left: Int) {
    if left == 0 {
      for guest in guests { leave(guest) }
      guests = []
      steps.wait(for: "every call to end after the guests have left", { [unowned self] in ledger.isEmpty }) {
        [unowned self] in steps.finish()
      }
      return
    }
    fillUp()
    let areReady = { [unowned self] in guests.allSatisfy { $0.isOpen && $0.isFenced || $0.hasEnded } }
    steps.wait(for: "the guests to connect", areReady) { [unowned self] in
      for guest in guests { send(to: guest) }
      for _ in 0..<8 { callSoundly() }
      caller.fence()
      let peers = guests.filter { !$0.isDoomed } + [caller]
      let isAnswered = { [unowned self] in
        peers.allSatisfy { $0.hasEnded || $0.isFenced && !ledger.awaits($0) }
      }
      steps.wait(for: "the answers of a round", isAnswered) { [unowned self] in
        for guest in guests where guest.isDoomed { leave(guest) }
        guests.removeAll { $0.hasEnded }
        runRound(left: left - 1)
      }
    }
  }

  private func fillUp() {
    while guests.count < Self.guestCount {
      let guest = FuzzPeer(name: "guest::\(connections)", loop: loop)
      connections += 1
      connect(guest, to: guestAddress)
      // So that the sound caller's calls reach guests, and mutated calls their like.
      guest.onOpen = { [unowned guest] in
        for id in [guest.name, "core::f"] { guest.send(text: #"{"type":"registerfunction","id":"\#(id)"}"#) }
        guest.fence()
      }
      guests.append(guest)
    }
  }

  private func send(to guest: FuzzPeer) {
    var bytes: [UInt8] = []
    let count = 8 + random.below(56)
    let breaksAt = random.oneIn(3) ? random.below(count) : count
    for index in 0..<count {
      if index == breaksAt {
        bytes += forge.broken().bytes
        frames += 1
        guest.isDoomed = true
        break
      }
      bytes += forge.sound(forge.message()).bytes
      frames += 1
      if random.oneIn(8) { bytes += call(Self.echo, by: guest, mustEndNow: true) }
    }
    guest.send(inTwoParts: bytes, cutAt: random.below(bytes.count + 1))
  }

  private func callSoundly() {
    switch random.below(4) {
    case 0:
      let name = random.oneIn(2) ? "core::f" : random.pick(guests).name
      caller.send(call(name, by: caller, mustEndNow: false))
    // Guests may take a built-in over, and keep its callers waiting.
    case 1: caller.send(call("engine::functions::list", by: caller, mustEndNow: false))
    default: caller.send(call(Self.echo, by: caller, mustEndNow: true))
    }
  }

  /// A sound call whose end is owed.
  private func call(_ function: String, by peer: FuzzPeer, mustEndNow: Bool) -> [UInt8] {
    let id = ledger.start(by: peer, of: function, mustEndNow: mustEndNow)
    let data = random.pick([
      "{}", "[1,2]", #"{"a":{"b":[null]}}"#, #""x""#, "null", #"{"_caller_worker_id":"x","n":1}"#,
    ])
    let text = #"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"\#(function)","data":\#(data)}"#
    return forge.sound(Corpus.Message(bytes: Array(text.utf8), isText: true)).bytes
  }

  // MARK: Peers

  private func connect(_ peer: FuzzPeer, to address: SocketAddress) {
    peer.onText = { [unowned self, unowned peer] in received($0, at: peer) }
    peer.onChange = { [unowned self, unowned peer] in changed(peer) }
    peer.connect(to: address)
  }

  private func leave(_ guest: FuzzPeer) {
    guest.leave(random.below(3))
    ledger.forget(guest)
  }

  private func changed(_ peer: FuzzPeer) {
    if let reason = peer.failure { steps.fail(reason) }
    if peer.hasEnded {
      ledger.forget(peer)
      if peer === caller || peer === callee { steps.fail("\(peer.name) was disconnected") }
    }
    steps.check()
  }

  private func received(_ message: borrowing Envelope, at peer: FuzzPeer) {
    switch message.kind {
    case .invokeFunction:
      guard let frame = try? InvocationFrame(message), let id = frame.invocationID else {
        return steps.fail("\(peer.name) received a broken call: \(message.bytes.string)")
      }
      answer(frame, id, at: peer)
    case .invocationResult:
      guard let frame = try? ResultFrame(message) else {
        return steps.fail("\(peer.name) received a broken result: \(message.bytes.string)")
      }
      if let problem = ledger.end(frame.invocationID, at: peer) { steps.fail(problem) }
    default: break
    }
  }

  /// The sound callee answers as it should; guests answer rightly, wrongly, twice or not at all.
  private func answer(_ frame: InvocationFrame, _ id: UUID128, at peer: FuzzPeer) {
    var text = Array(#"{"type":"invocationresult","invocation_id":"\#(id)","function_id":"f","result":"#.utf8)
    text += frame.data.array + Array("}".utf8)
    if peer === callee { return peer.send(RawFrame(opcode: 1, payload: text).encoded()) }
    guard !peer.isDoomed, !peer.isHalfSent else { return }
    for _ in 0..<random.below(3) {
      let bytes = random.oneIn(2) ? mutator.mutate(text, &random) : text
      peer.send(RawFrame(opcode: 2, payload: bytes).encoded())
      frames += 1
    }
  }
}

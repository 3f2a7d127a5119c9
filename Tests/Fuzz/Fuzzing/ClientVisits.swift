import III
import TestSupport
import UV

/// A hostile engine: what it sends to a worker of the SDK is mutated, but for calls that the worker owes an answer.
///
/// What is checked: the worker says nothing that is no message; it comes back after every connection; each sound call
/// is answered once while its connection stands.
final class ClientVisits {
  private let loop: Loop
  private let steps: Steps
  private let listener: TCPListener
  private var forge: FrameForge
  private var random: SeededGenerator
  private let mutator: MessageMutator

  /// The newest connection; earlier ones are over.
  private var worker: FuzzPeer?
  /// Whether the worker has registered the function that is called.
  private var hasFunction = false
  private var isVisiting = false
  private var ledger = CallLedger()
  private var frames = 0
  private var connections = 0

  static let function = "fuzz::echo"
  private static let connectionsPerVisit = 16
  private static let roundsPerConnection = 4

  init(on loop: Loop, corpus: Corpus, random: SeededGenerator) throws(UVError) {
    var random = random
    self.loop = loop
    steps = Steps(on: loop)
    forge = FrameForge(messages: corpus.toWorker, others: corpus.toEngine, isMasked: false, random: random.split())
    mutator = MessageMutator(others: corpus.toWorker)
    self.random = random
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: 0) else {
      throw UVError(code: -22, operation: "find loopback")
    }
    var accept: (TCPStream) -> Void = { $0.close() }
    listener = try TCPListener.listen(on: loop, at: address) { accept($0) }
    accept = { [unowned self] in accepted($0) }
    steps.late = { [unowned self] in
      guard let worker = self.worker else { return "the worker, which has not connected" }
      return "\(worker.name), its ping \(worker.isFenced ? "" : "not ")answered; open calls: \(ledger.openCalls)"
    }
  }

  var url: String { "ws://127.0.0.1:\(listener.address.port)" }

  var counts: FuzzCounts { FuzzCounts(frames: frames, connections: connections, ledger) }

  func close() {
    worker?.leave(0)
    listener.close()
    steps.close()
  }

  // MARK: Rounds

  /// Several connections of one worker, one after the other.
  func run(_ done: @escaping (FuzzFailure?) -> Void) {
    isVisiting = true
    steps.run(done) { runConnection(left: Self.connectionsPerVisit) }
  }

  private func runConnection(left: Int) {
    if left == 0 {
      isVisiting = false
      return steps.finish()
    }
    let isReady = { [unowned self] in worker?.isOpen == true && hasFunction }
    steps.wait(for: "the worker to connect and register", isReady) { [unowned self] in
      runRound(left: Self.roundsPerConnection, connectionsLeft: left)
    }
  }

  private func runRound(left: Int, connectionsLeft: Int) {
    guard left > 0, let worker, worker.isOpen else {
      drop()
      return runConnection(left: connectionsLeft - 1)
    }
    send(to: worker)
    let isOver = { [unowned self] in worker.hasEnded || worker.isDoomed || worker.isFenced && !ledger.awaits(worker) }
    steps.wait(for: "the answers of a round", isOver) { [unowned self] in
      runRound(left: worker.isDoomed ? 0 : left - 1, connectionsLeft: connectionsLeft)
    }
  }

  private func send(to worker: FuzzPeer) {
    var bytes: [UInt8] = []
    let count = 8 + random.below(56)
    let breaksAt = random.oneIn(6) ? random.below(count) : count
    for index in 0..<count {
      frames += 1
      if index == breaksAt {
        bytes += forge.broken().bytes
        worker.isDoomed = true
        break
      }
      bytes += forge.sound(forge.message()).bytes
      if random.oneIn(8) { bytes += call(by: worker) }
    }
    worker.send(inTwoParts: bytes, cutAt: random.below(bytes.count + 1))
  }

  /// A sound call of the worker's function.
  private func call(by worker: FuzzPeer) -> [UInt8] {
    let id = ledger.start(by: worker, of: Self.function, mustEndNow: true)
    let data = random.pick(["{}", "[1,2]", #"{"a":{"b":[null]}}"#, #""x""#, "null", "1e300", #"{"n":1}"#])
    let text = #"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"\#(Self.function)","data":\#(data)}"#
    return forge.sound(Corpus.Message(bytes: Array(text.utf8), isText: true)).bytes
  }

  // MARK: The worker

  private func accepted(_ stream: TCPStream) {
    drop()
    let worker = FuzzPeer(name: "connection \(connections)", loop: loop, role: .server)
    connections += 1
    self.worker = worker
    hasFunction = false
    worker.onText = { [unowned self, unowned worker] in received($0, at: worker) }
    worker.onChange = { [unowned self, unowned worker] in changed(worker) }
    worker.onOpen = { [unowned self, unowned worker] in
      if random.oneIn(16) { return }  // an engine that does not say it
      worker.send(text: #"{"type":"workerregistered","worker_id":"00000000-0000-4000-8000-000000000001"}"#)
    }
    worker.attach(stream)
  }

  /// Ends the connection, in one of the ways in which engines end them.
  private func drop() {
    guard let worker else { return }
    if random.oneIn(4), !worker.isDoomed { worker.send(opcode: 8, [0x03, 0xF4]) }
    worker.leave(random.below(3))
    ledger.forget(worker)
    self.worker = nil
  }

  private func changed(_ worker: FuzzPeer) {
    if let reason = worker.failure { steps.fail(reason) }
    if worker.hasEnded { ledger.forget(worker) }
    steps.check()
  }

  private func received(_ message: borrowing Envelope, at worker: FuzzPeer) {
    switch message.kind {
    case .registerFunction:
      guard let frame = try? FunctionRegistrationFrame(message) else {
        return steps.fail("the worker sent a broken registration: \(message.bytes.string)")
      }
      if frame.id.text == Self.function { hasFunction = true }
    case .invocationResult:
      guard let frame = try? ResultFrame(message) else {
        return steps.fail("the worker sent a broken result: \(message.bytes.string)")
      }
      if let problem = ledger.end(frame.invocationID, at: worker) { steps.fail(problem) }
    case .invokeFunction:
      guard let frame = try? InvocationFrame(message) else {
        return steps.fail("the worker sent a broken call: \(message.bytes.string)")
      }
      answer(frame, at: worker)
    default: break
    }
  }

  /// The worker's own calls are answered rightly, wrongly, twice or not at all.
  private func answer(_ frame: InvocationFrame, at worker: FuzzPeer) {
    guard isVisiting, let id = frame.invocationID, !worker.isDoomed, !worker.isHalfSent else { return }
    var text = Array(#"{"type":"invocationresult","invocation_id":"\#(id)","function_id":"f","result":"#.utf8)
    text += frame.data.array + Array("}".utf8)
    for _ in 0..<random.below(3) {
      var bytes = random.oneIn(2) ? mutator.mutate(text, &random) : text
      // No UTF-8 would end the connection each time.
      if String(validating: bytes, as: UTF8.self) == nil { bytes = bytes.map { $0 & 0x7F } }
      worker.send(opcode: 1, bytes)
      frames += 1
    }
  }
}

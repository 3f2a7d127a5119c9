/// A worker that connects, may register one function, and is idle from then on.
final class RawWorker: RawWebSocket {
  private let function: String?
  private var ready: (() -> Void)?

  /// `ready` when the engine has said `workerregistered`, and has taken the function if there is one.
  init(loop: RawLoop, function: String? = nil, ready: @escaping () -> Void) {
    self.function = function
    self.ready = ready
    super.init(loop: loop, role: .client)
  }

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    let received = excerpt(bytes, count)
    if received.hasPrefix(#"{"type":"workerregistered""#), let function {
      send(#"{"type":"registerfunction","id":"\#(function)"}"#)
      send(#"{"type":"ping"}"#)  // registrations are not acknowledged: what comes after one is
    } else if received.hasPrefix(#"{"type":"workerregistered""#) || received == #"{"type":"pong"}"# {
      let ready = ready
      self.ready = nil
      ready?()
    } else {
      fail("an idle worker received what it does not know: \(received)")
    }
  }

  private(set) var hasEnded = false

  override func ended() {
    hasEnded = true
    if ready != nil { fail("a worker was disconnected before it was accepted") }
  }

  /// Connects one and waits until it is accepted.
  static func connect(on loop: RawLoop, port: UInt16, function: String? = nil) -> RawWorker {
    let worker = RawWorker(loop: loop, function: function) { loop.stop() }
    loop.connect(worker, port: port)
    loop.run(awaiting: "a worker to be accepted on port \(port)")
    return worker
  }
}

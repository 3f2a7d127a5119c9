/// One end of a channel, or of the floor: counts what comes.
final class RawChannelEnd: RawWebSocket {
  private let ready: () -> Void
  /// Called for every message.
  var received: () -> Void = {}
  private let name: String

  init(loop: RawLoop, name: String, target: String, ready: @escaping () -> Void) {
    self.name = name
    self.ready = ready
    super.init(loop: loop, role: .client, target: target)
  }

  static let binary: UInt8 = 2

  override func opened() { ready() }
  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) { received() }
  override func ended() { fail("the \(name) of a channel was disconnected") }

  /// Connects one and waits until it is accepted.
  static func connect(on loop: RawLoop, port: UInt16, name: String, target: String) -> RawChannelEnd {
    let end = RawChannelEnd(loop: loop, name: name, target: target) { loop.stop() }
    loop.connect(end, port: port)
    loop.run(awaiting: "the \(name) of a channel to be accepted")
    return end
  }
}

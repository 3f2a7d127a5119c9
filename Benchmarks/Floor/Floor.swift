/// The least that a relay on libuv can do: it upgrades, unmasks, frames and hands over. No JSON, no tables, no state
/// beyond the two ends. What the engine takes more than this is what its routing costs.
enum Floor {
  static func serve(port: UInt16) {
    let loop = RawLoop()
    let ends = FloorEnds()
    let bound = loop.listen(port: port) { FloorConnection(loop: $0, ends: ends) }
    announce("floor listening on ws://127.0.0.1:\(bound)")
    loop.run()
  }
}

/// Who hands over to whom.
final class FloorEnds {
  var caller: FloorConnection?
  var callee: FloorConnection?
}

/// One end. Who asks for `/?callee` is the callee, anyone else the caller; the newest counts.
final class FloorConnection: RawWebSocket {
  private let ends: FloorEnds
  private var isCallee = false

  init(loop: RawLoop, ends: FloorEnds) {
    self.ends = ends
    super.init(loop: loop, role: .server)
  }

  override func opened() {
    isCallee = target == RawCallee.target
    if isCallee { ends.callee = self } else { ends.caller = self }
  }

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    if opcode == RawWebSocket.ping { return send(bytes, count, opcode: RawWebSocket.pong) }
    if opcode == RawWebSocket.close { return send(bytes, count, opcode: opcode) }
    (isCallee ? ends.caller : ends.callee)?.send(bytes, count, opcode: opcode)
  }

  override func ended() {
    if ends.caller === self { ends.caller = nil }
    if ends.callee === self { ends.callee = nil }
  }
}

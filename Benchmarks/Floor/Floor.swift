/// The least that a relay on libuv can do: it upgrades, unmasks, frames and hands over. No JSON, no tables, no state
/// beyond the two ends. What the engine takes more than this is what its routing costs.
enum Floor {
  /// - Parameter keepsMessages: Whether the bytes of the last 5,000 messages of 512 bytes are kept, as a journal keeps them.
  static func serve(port: UInt16, keepsMessages: Bool = false) {
    let loop = RawLoop()
    let ends = FloorEnds(kept: keepsMessages ? MessageRing(bytes: 5_000 * 512) : nil)
    let bound = loop.listen(port: port) { FloorConnection(loop: $0, ends: ends) }
    announce("floor listening on ws://127.0.0.1:\(bound)")
    loop.run()
  }
}

/// Who hands over to whom.
final class FloorEnds {
  var caller: FloorConnection?
  var callee: FloorConnection?
  let kept: MessageRing?

  init(kept: MessageRing?) { self.kept = kept }
}

/// The bytes of the newest messages.
final class MessageRing {
  private let memory: UnsafeMutableRawPointer
  private let capacity: Int
  private var used = 0

  init(bytes: Int) {
    memory = .allocate(byteCount: bytes, alignment: 64)
    capacity = bytes
  }

  deinit { memory.deallocate() }

  func append(_ bytes: UnsafeMutableRawPointer, _ count: Int) {
    guard count <= capacity else { return }
    if used + count > capacity { used = 0 }
    (memory + used).copyMemory(from: bytes, byteCount: count)
    used += count
  }
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
    ends.kept?.append(bytes, count)
    (isCallee ? ends.caller : ends.callee)?.send(bytes, count, opcode: opcode)
  }

  override func ended() {
    if ends.caller === self { ends.caller = nil }
    if ends.callee === self { ends.callee = nil }
  }
}

/// A writer and a reader at a relay, floor or engine, between whom messages flow one way.
final class ChannelPair {
  let process: ChildProcess
  private let loop: RawLoop
  private let name: String
  private let writer: RawChannelEnd
  private let reader: RawChannelEnd

  init(name: String, process: ChildProcess, isEngine: Bool, on loop: RawLoop) {
    self.name = name
    self.process = process
    self.loop = loop
    let targets =
      isEngine
      ? RawChannelMaker.targets(on: loop, port: process.port) : (writer: "/", reader: RawCallee.target)
    reader = .connect(on: loop, port: process.port, name: "reader", target: targets.reader)
    writer = .connect(on: loop, port: process.port, name: "writer", target: targets.writer)
  }

  /// Messages a second of so many bytes, for about `seconds`, with `window` of them on their way.
  func rate(bytes: Int, window: Int, seconds: Double) -> Double {
    let content = [UInt8](repeating: 0x61, count: bytes)
    var count = window * 8
    var rate = 0.0
    for _ in 0..<2 {  // the first pass finds out how many messages fill the time
      let start = nanoseconds()
      send(content, count: count, window: window)
      rate = Double(count) / Double(nanoseconds() - start) * 1e9
      count = max(count, Int(rate * seconds))
    }
    return rate
  }

  private func send(_ content: [UInt8], count: Int, window: Int) {
    var (sent, received) = (0, 0)
    func sendOne() {
      sent += 1
      content.withUnsafeBytes { bytes in
        if let base = bytes.baseAddress { writer.send(base, bytes.count, opcode: RawChannelEnd.binary) }
      }
    }
    reader.received = { [loop] in
      received += 1
      if sent < count { sendOne() } else if received == count { loop.stop() }
    }
    for _ in 0..<min(window, count) { sendOne() }
    loop.flushDirty()
    loop.run(awaiting: "\(name) to relay \(count) messages")
    reader.received = {}
  }

  func stop() {
    writer.close()
    reader.close()
    process.stop()
  }
}

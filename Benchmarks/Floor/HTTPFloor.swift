import CUV

/// The least that a relay from HTTP to a WebSocket can do: it finds the end of each request, hands the request over to the
/// callee and returns what comes back as an answer. No JSON, no routes, no tables; what all reads of a turn have brought
/// leaves together, as in the engine.
enum HTTPFloor {
  static func serve() {
    let loop = RawLoop()
    loop.flushOnceATurn()
    let ends = HTTPFloorEnds()
    let http = loop.listen(port: 0) { HTTPFloorConnection(loop: $0, ends: ends) }
    let callee = loop.listen(port: 0) { HTTPFloorCallee(loop: $0, ends: ends) }
    announce("floor serves HTTP at http://127.0.0.1:\(http)")
    announce("floor listening on ws://127.0.0.1:\(callee)")
    loop.run()
  }

  /// What a message to the callee begins with, and so does its answer: the number of the connection.
  static let prefix = MemoryLayout<UInt32>.size

  /// The head of every answer: as many bytes as the engine sends.
  static let head = WireText(
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(HTTPServing.body)\r\n"
      + "vary: origin, access-control-request-method, access-control-request-headers\r\n"
      + "access-control-allow-origin: *\r\naccess-control-expose-headers: *\r\n"
      + "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n")

  /// The end of a request's head among its bytes, or of an answer's.
  static func endOfHead(_ bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for index in 3..<bytes.count where bytes[index] == 0x0A && bytes[index - 1] == 0x0D && bytes[index - 2] == 0x0A {
      return index + 1
    }
    return nil
  }
}

/// Who waits for answers, and who gives them.
final class HTTPFloorEnds {
  var callee: HTTPFloorCallee?
  /// By their numbers.
  var connections: [HTTPFloorConnection] = []
}

/// A connection of a client.
final class HTTPFloorConnection: RawStream {
  private let ends: HTTPFloorEnds
  private let number: UInt32

  init(loop: RawLoop, ends: HTTPFloorEnds) {
    self.ends = ends
    number = UInt32(ends.connections.count)
    super.init(loop: loop)
    ends.connections.append(self)
  }

  override func received(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    guard let end = HTTPFloor.endOfHead(UnsafeRawBufferPointer(start: bytes, count: count)) else { return 0 }
    guard let message = ends.callee?.reserveMessage(HTTPFloor.prefix + end) else { fail("no callee is connected") }
    message.storeBytes(of: number, as: UInt32.self)
    memcpy(message + HTTPFloor.prefix, bytes, end)
    return end
  }

  func answer(_ body: UnsafeMutableRawPointer, _ count: Int) {
    let head = HTTPFloor.head
    let answer = reserve(head.count + count)
    memcpy(answer, head.base, head.count)
    memcpy(answer + head.count, body, count)
  }
}

/// The connection of whoever answers.
final class HTTPFloorCallee: RawWebSocket {
  private let ends: HTTPFloorEnds

  init(loop: RawLoop, ends: HTTPFloorEnds) {
    self.ends = ends
    super.init(loop: loop, role: .server)
  }

  override func opened() { ends.callee = self }

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    let prefix = HTTPFloor.prefix
    guard count >= prefix else { return }
    ends.connections[Int(bytes.loadUnaligned(as: UInt32.self))].answer(bytes + prefix, count - prefix)
  }
}

/// Answers what the floor hands over, with a body as large as that of the engine's worker.
final class HTTPFloorWorker: RawWebSocket {
  private let ready: () -> Void

  init(loop: RawLoop, ready: @escaping () -> Void) {
    self.ready = ready
    super.init(loop: loop, role: .client)
  }

  override func opened() { ready() }

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    let size = HTTPFloor.prefix + HTTPServing.body
    let answer = reserveMessage(size)
    memset(answer, Int32(UInt8(ascii: "x")), size)
    memcpy(answer, bytes, HTTPFloor.prefix)
    RawMask.apply(to: answer, size, key: maskKey)
  }

  override func ended() { fail("the floor's callee was disconnected") }
}

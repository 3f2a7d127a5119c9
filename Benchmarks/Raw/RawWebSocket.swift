import COpenSSL
import CUV

/// A WebSocket of whole, unfragmented messages: as much of RFC 6455 as the measured frames need.
class RawWebSocket: RawStream {
  enum Role { case server, client }

  private let isServer: Bool
  private var isOpen = false
  /// Of a client: the target of its request. Of a server: the one that it was asked for.
  final private(set) var target: String
  /// Of a client. Drawn once: masking costs the same with every key, and drawing is no part of what is measured.
  final let maskKey: UInt32 = .random(in: 1...UInt32.max)

  init(loop: RawLoop, role: Role, target: String = "/") {
    isServer = role == .server
    self.target = target
    super.init(loop: loop)
  }

  // What the layer above does.
  func opened() {}
  func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {}

  static let text: UInt8 = 1
  static let close: UInt8 = 8
  static let ping: UInt8 = 9
  static let pong: UInt8 = 10

  override final func connected() {
    write(
      "GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
  }

  private func write(_ text: String) {
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { memcpy(reserve(bytes.count), base, bytes.count) }
    }
  }

  override final func received(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    var offset = 0
    if !isOpen {
      offset = takeHead(bytes, count)
      if offset == 0 { return 0 }
      isOpen = true
      opened()
    }
    while count - offset >= 2 {
      let frame = bytes + offset
      let first = frame.load(as: UInt8.self)
      let second = frame.load(fromByteOffset: 1, as: UInt8.self)
      var header = 2
      var length = Int(second & 0x7F)
      if length == 126 {
        header = 4
        if count - offset < header { break }
        length = Int(UInt16(bigEndian: frame.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
      } else if length == 127 {
        header = 10
        if count - offset < header { break }
        length = Int(UInt64(bigEndian: frame.loadUnaligned(fromByteOffset: 2, as: UInt64.self)))
      }
      let isMasked = second & 0x80 != 0
      if isMasked { header += 4 }
      if count - offset < header + length { break }
      let payload = frame + header
      if isMasked {
        RawMask.apply(to: payload, length, key: frame.loadUnaligned(fromByteOffset: header - 4, as: UInt32.self))
      }
      message(payload, length, first & 0x0F)
      offset += header + length
    }
    return offset
  }

  /// Sends one message of these bytes.
  @inline(__always) final func send(_ bytes: UnsafeRawPointer, _ count: Int, opcode: UInt8 = RawWebSocket.text) {
    let payload = reserveMessage(count, opcode: opcode)
    memcpy(payload, bytes, count)
    if !isServer { RawMask.apply(to: payload, count, key: maskKey) }
  }

  final func send(_ text: String, opcode: UInt8 = RawWebSocket.text) {
    var text = text
    text.withUTF8 { if let base = $0.baseAddress { send(UnsafeRawPointer(base), $0.count, opcode: opcode) } }
  }

  /// The bytes that a frame has before its payload.
  final func headerSize(payload: Int) -> Int { 2 + (payload < 126 ? 0 : payload < 65536 ? 2 : 8) + (isServer ? 0 : 4) }

  /// Writes a frame's header and returns the place of its payload; a client then masks what it puts there.
  @inline(__always) final func reserveMessage(
    _ count: Int, opcode: UInt8 = RawWebSocket.text
  ) -> UnsafeMutableRawPointer {
    let header = headerSize(payload: count)
    let frame = reserve(header + count)
    let mask: UInt8 = isServer ? 0 : 0x80
    frame.storeBytes(of: 0x80 | opcode, as: UInt8.self)
    if count < 126 {
      frame.storeBytes(of: mask | UInt8(count), toByteOffset: 1, as: UInt8.self)
    } else if count < 65536 {
      frame.storeBytes(of: mask | 126, toByteOffset: 1, as: UInt8.self)
      frame.storeBytes(of: UInt16(count).bigEndian, toByteOffset: 2, as: UInt16.self)
    } else {
      frame.storeBytes(of: mask | 127, toByteOffset: 1, as: UInt8.self)
      frame.storeBytes(of: UInt64(count).bigEndian, toByteOffset: 2, as: UInt64.self)
    }
    if !isServer { frame.storeBytes(of: maskKey, toByteOffset: header - 4, as: UInt32.self) }
    return frame + header
  }

  /// Reads the head of a request or of its answer and returns its length, 0 when it is not whole yet.
  private func takeHead(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    let text = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return 0 }
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    if isServer {
      target = words.count > 1 ? String(words[1]) : "/"
      let name = "sec-websocket-key:"
      guard let line = lines.first(where: { $0.lowercased().hasPrefix(name) }) else {
        fail("the request has no Sec-WebSocket-Key")
      }
      let key = line.dropFirst(name.count).drop(while: { $0 == " " })
      write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Accept: \(RawWebSocket.accept(String(key)))\r\n\r\n")
    } else if words.count < 2 || words[1] != "101" {
      fail("the upgrade of \(target) was refused: \(lines.first ?? "")")
    }
    return text[..<end.upperBound].utf8.count
  }

  private static func accept(_ key: String) -> String {
    let input = Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)
    var digest = [UInt8](repeating: 0, count: 20)
    copenssl_sha1(input, input.count, &digest)
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    digest.append(0)  // 20 bytes are one short of a multiple of three
    var output: [UInt8] = []
    for index in stride(from: 0, to: digest.count, by: 3) {
      let group = UInt32(digest[index]) << 16 | UInt32(digest[index + 1]) << 8 | UInt32(digest[index + 2])
      for shift in [18, 12, 6, 0] as [UInt32] { output.append(alphabet[Int(group >> shift & 63)]) }
    }
    output[27] = UInt8(ascii: "=")
    return String(decoding: output, as: UTF8.self)
  }
}

import TestSupport
import III

/// Streams of frames as a peer may send them, generated from a seed.
struct FrameStream {
  private var generator: SeededGenerator
  private let role: WebSocketRole

  /// Generates streams that `role` receives.
  init(seed: UInt64, to role: WebSocketRole) {
    generator = SeededGenerator(seed: seed)
    self.role = role
  }

  /// Some valid frames: messages, whole and fragmented, with control frames between.
  mutating func valid(messages: Int, maxPayload: Int = 200) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<messages {
      let isText = !generator.oneIn(3)
      var left = isText ? text(generator.below(maxPayload)) : generator.bytes(generator.below(maxPayload))
      var opcode: UInt8 = isText ? 1 : 2
      while true {
        if generator.oneIn(4) { bytes += control() }
        let size = generator.oneIn(2) ? left.count : generator.below(left.count + 1)
        let isLast = size == left.count && !generator.oneIn(5)
        bytes += frame(opcode, Array(left.prefix(size)), fin: isLast)
        left.removeFirst(size)
        opcode = 0
        if isLast { break }
      }
    }
    return bytes
  }

  /// The stream with some of its bytes changed, duplicated, removed or cut off.
  mutating func broken(_ stream: [UInt8]) -> [UInt8] {
    var bytes = stream
    for _ in 0...generator.below(3) where !bytes.isEmpty {
      let at = generator.below(bytes.count)
      switch generator.below(6) {
      case 0: bytes[at] ^= 1 << UInt8(generator.below(8))
      case 1: bytes[at] = UInt8.random(in: .min ... .max, using: &generator)
      case 2: bytes.remove(at: at)
      case 3: bytes.insert(UInt8.random(in: .min ... .max, using: &generator), at: at)
      case 4: bytes.removeSubrange(at...)
      default: bytes += bytes[at..<min(at + generator.below(40), bytes.count)]
      }
    }
    return bytes
  }

  /// The offsets at which to cut a stream, in order; an offset may occur twice.
  mutating func cuts(_ count: Int, of size: Int) -> [Int] {
    (0..<count).map { _ in generator.below(size + 1) }.sorted()
  }

  private mutating func control() -> [UInt8] {
    frame(generator.oneIn(2) ? 9 : 10, generator.bytes(generator.oneIn(3) ? 125 : generator.below(20)), fin: true)
  }

  private mutating func frame(_ opcode: UInt8, _ payload: [UInt8], fin: Bool) -> [UInt8] {
    WireFrame(opcode, payload, fin: fin, mask: role == .server ? generator.bytes(4) : nil).bytes
  }

  private mutating func text(_ size: Int) -> [UInt8] {
    let alphabet: [String] = ["a", "{", "\"", "é", "ß", "€", "日", "\u{10FFFF}", "😀", "\u{0}", "ascii and more ascii"]
    var text = ""
    while text.utf8.count < size { text += alphabet[generator.below(alphabet.count)] }
    return Array(text.utf8)
  }
}

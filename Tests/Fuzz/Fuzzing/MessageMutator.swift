package import TestSupport

/// Changes a message: its bytes flipped, cut, joined with another's, repeated, and words of the protocol put in.
package struct MessageMutator: Sendable {
  private let others: [Corpus.Message]

  package init(others: [Corpus.Message]) { self.others = others }

  /// What a decoder may stumble over.
  private static let words: [[UInt8]] = [
    "null", "true", "{}", "[]", "\"\"", "1e400", "-0", "1.5e-300", "18446744073709551616", "-9223372036854775809",
    #""\ud800""#, #""\ud83d\ude00""#, #""\u0000""#, "\u{FEFF}", "\u{2028}", #"\"#, #"\\"#, "\"", "{", "}", "[", "]",
    ",", ":", #","type":"ping""#, #","data":null"#, #""_caller_worker_id":"x","#, #""\u005fcaller_worker_id":1,"#,
    #""action":{"type":"void"},"#, #""action":{"type":"enqueue","queue":"default"},"#, #""result":null,"#,
    #""error":{"code":"E","message":"m"},"#, #""invocation_id":"00000000-0000-4000-8000-000000000001","#,
    #""invocation_id":"{00000000-0000-4000-8000-000000000001}","#, #"{"type":"ping"}"#, "\u{0}", "\u{1F}", " ", "\n",
    #""traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01","#, #""baggage":"a=%ff,b=1;c","#,
  ].map { Array($0.utf8) }

  package func mutate(_ message: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
    var bytes = message
    for _ in 0...random.below(3) { change(&bytes, &random) }
    return bytes
  }

  private func change(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    let place = random.below(bytes.count + 1)
    switch random.below(12) {
    case 0 where !bytes.isEmpty: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8))
    case 1 where !bytes.isEmpty: bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(5))  // stays ASCII
    case 2 where !bytes.isEmpty:
      bytes[random.below(bytes.count)] = random.pick(Array(#"{}[]",:\0123456789-+eE.utn "#.utf8))
    case 3: bytes.removeLast(bytes.count - place)
    case 4: bytes.removeFirst(min(bytes.count, random.below(8)))
    case 5 where !bytes.isEmpty:
      let start = random.below(bytes.count)
      bytes.removeSubrange(start..<min(bytes.count, start + 1 + random.below(24)))
    case 6:
      let other = random.pick(others).bytes
      bytes = Array(bytes.prefix(place)) + other.suffix(random.below(other.count + 1))
    case 7: bytes += random.pick(others).bytes
    case 8:
      let part = bytes.dropFirst(place).prefix(1 + random.below(64))
      bytes.insert(contentsOf: part, at: place)
    case 9: bytes = nest(bytes, at: place, depth: 1 << random.below(11), &random)
    case 10 where bytes.first == UInt8(ascii: "{"): bytes.insert(contentsOf: random.pick(Self.words), at: 1)
    default: bytes.insert(contentsOf: random.pick(Self.words), at: place)
    }
  }

  /// Containers in containers, about as deep as decoders allow and deeper.
  private func nest(_ bytes: [UInt8], at place: Int, depth: Int, _ random: inout SeededGenerator) -> [UInt8] {
    let isObject = random.oneIn(2)
    let open = Array((isObject ? #"{"a":"# : "[").utf8)
    let close = Array((isObject ? "}" : "]").utf8)
    var nested = Array(bytes.prefix(place))
    for _ in 0..<depth { nested += open }
    nested += Array("0".utf8)
    for _ in 0..<(random.oneIn(8) ? depth - 1 : depth) { nested += close }
    return nested + bytes.dropFirst(place)
  }
}

package import TestSupport

/// Makes frames out of messages as one end of a connection sends them, sound ones and broken ones.
package struct FrameForge: Sendable {
  /// Whether this end masks: a worker does, an engine does not.
  private let isMasked: Bool
  private let messages: [Corpus.Message]
  private let mutator: MessageMutator
  package var random: SeededGenerator

  /// What was forged.
  package struct Piece: Sendable {
    package var bytes: [UInt8]
    /// What a reader of these bytes must find in them; `nil` when they break the framing, so that anything may follow.
    package var expected: [RawFrame]?
  }

  package init(messages: [Corpus.Message], others: [Corpus.Message], isMasked: Bool, random: SeededGenerator) {
    self.isMasked = isMasked
    self.messages = messages
    mutator = MessageMutator(others: messages + others)
    self.random = random
  }

  /// A message, mutated more often than not.
  package mutating func message() -> Corpus.Message {
    var message = random.pick(messages)
    if !random.oneIn(4) { message.bytes = mutator.mutate(message.bytes, &random) }
    if random.oneIn(2_000) { message.bytes += [UInt8](repeating: UInt8(ascii: " "), count: random.below(200_000)) }
    // Text that is no UTF-8 ends a connection: leave it as text now and then, for binary is read all the same.
    if message.isText, !isUTF8(message.bytes), !random.oneIn(8) { message.isText = false }
    if random.oneIn(16) { message.isText.toggle() }
    return message
  }

  private func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }

  /// The frames of one message, of sound framing: whole or in fragments, with control frames between.
  package mutating func sound(_ message: Corpus.Message) -> Piece {
    var piece = Piece(bytes: [], expected: [])
    let opcode: UInt8 = message.isText ? 1 : 2
    let count = random.oneIn(3) ? 1 + random.below(6) : 1
    var rest = message.bytes[...]
    for index in 0..<count {
      let isLast = index == count - 1
      let fragment = isLast ? rest : rest.prefix(random.below(rest.count + 1))
      rest = rest.dropFirst(fragment.count)
      append(
        RawFrame(opcode: index == 0 ? opcode : 0, payload: Array(fragment), isFinal: isLast, isMasked: isMasked), &piece
      )
      if !isLast, random.oneIn(4) { appendControl(&piece) }
    }
    piece.expected?.append(RawFrame(opcode: opcode, payload: message.bytes))
    if random.oneIn(20) { appendControl(&piece) }
    return piece
  }

  private mutating func appendControl(_ piece: inout Piece) {
    let payload = (0..<random.below(126)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let opcode: UInt8 = random.oneIn(2) ? 9 : 10
    append(RawFrame(opcode: opcode, payload: payload, isMasked: isMasked), &piece)
    piece.expected?.append(RawFrame(opcode: opcode, payload: payload))
  }

  private mutating func append(_ frame: RawFrame, _ piece: inout Piece) { piece.bytes += frame.encoded(maskKey: key()) }

  private mutating func key() -> [UInt8] {
    // Zero is a key like any other.
    random.oneIn(8) ? [0, 0, 0, 0] : (0..<4).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  /// Frames whose framing is broken: after them a connection is lost, or it waits for what never comes.
  package mutating func broken() -> Piece {
    var bytes: [UInt8] = []
    for _ in 0..<(1 + random.below(4)) { bytes += sound(message()).bytes }
    switch random.below(11) {
    case 0: bytes[random.below(min(bytes.count, 14))] ^= 1 << UInt8(random.below(8))  // the first header
    case 1: for _ in 0...random.below(8) { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
    case 2: bytes.removeLast(1 + random.below(bytes.count - 1))
    case 3:
      let start = random.below(bytes.count)
      bytes.removeSubrange(start..<min(bytes.count, start + 1 + random.below(16)))
    case 4:
      bytes.insert(
        contentsOf: (0...random.below(16)).map { _ in UInt8.random(in: 0...255, using: &random) },
        at: random.below(bytes.count))
    case 5: bytes[1] ^= 0x80  // masked where it must not be, or the reverse
    case 6: bytes[0] ^= UInt8(1 + random.below(7)) << 4  // reserved bits
    case 7:
      bytes =
        Array(bytes.prefix(1)) + [isMasked ? 0xFF : 0x7F]
        + (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) } + bytes
    case 8: append(control: 8, (0..<random.below(126)).map { _ in UInt8.random(in: 0...255, using: &random) }, &bytes)
    case 9:
      append(
        control: random.pick([8, 9, 10] as [UInt8]), [UInt8](repeating: 0, count: 126 + random.below(70_000)), &bytes)
    default:
      bytes =
        RawFrame(
          opcode: random.pick([0, 3, 7, 11, 15] as [UInt8]), payload: Array(bytes.prefix(40)), isMasked: isMasked
        ).encoded(maskKey: key()) + bytes
    }
    return Piece(bytes: bytes, expected: nil)
  }

  private mutating func append(control opcode: UInt8, _ payload: [UInt8], _ bytes: inout [UInt8]) {
    bytes += RawFrame(opcode: opcode, payload: payload, isMasked: isMasked).encoded(maskKey: key())
  }
}

package import III
package import TestSupport

/// The frame reader and the envelope scan alone, on memory that ends where the bytes end, so that AddressSanitizer sees
/// every read beyond.
package struct CodecTarget {
  private let role: WebSocketRole
  private var forge: FrameForge
  private var random: SeededGenerator
  package private(set) var frames = 0
  package private(set) var messages = 0
  private var check = MessageCheck()
  /// Messages that had an outline.
  package var envelopes: Int { check.envelopes }

  package init(role: WebSocketRole, corpus: Corpus, random: SeededGenerator) {
    var random = random
    self.role = role
    let (own, other) = role == .server ? (corpus.toEngine, corpus.toWorker) : (corpus.toWorker, corpus.toEngine)
    forge = FrameForge(messages: own, others: other, isMasked: role == .server, random: random.split())
    self.random = random
  }

  /// One connection: sound frames, of which the reader must lose nothing, then perhaps broken ones, which it must survive.
  package mutating func runConnection() throws(FuzzFailure) {
    var reader = FrameReader(role: role, limits: FrameLimits(maxFrameBytes: 1 << 20, maxMessageBytes: 4 << 20))
    var stream: [UInt8] = []
    var expected: [RawFrame] = []
    for _ in 0..<(1 + random.below(24)) {
      let piece = forge.sound(forge.message())
      frames += 1
      stream += piece.bytes
      expected += piece.expected ?? []
    }
    let soundEnd = stream.count
    if random.oneIn(2) {
      frames += 1
      stream += forge.broken().bytes
    }
    var found: [RawFrame] = []
    var isOver = false
    var start = 0
    while start < stream.count {
      var end = min(stream.count, start + chunkSize())
      if start < soundEnd { end = min(end, soundEnd) }  // so it is known when the sound ones must have been found
      try read(stream[start..<end], &reader, &found, &isOver)
      start = end
      if start == soundEnd { try compare(found, expected) }
    }
  }

  private mutating func chunkSize() -> Int {
    switch random.below(4) {
    case 0: 1 + random.below(8)
    case 1: 1 + random.below(200)
    case 2: 1 + random.below(5_000)
    default: 256 << 10
    }
  }

  private mutating func read(
    _ bytes: ArraySlice<UInt8>, _ reader: inout FrameReader, _ found: inout [RawFrame], _ isOver: inout Bool
  ) throws(FuzzFailure) {
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { chunk.deallocate() }
    chunk.copyBytes(from: bytes)
    reader.append(chunk)
    while let event = reader.next() {
      precondition(!isOver, "an event after the last one")
      switch event {
      case .text(let view): try take(view, opcode: 1, &found)
      case .binary(let view): try take(view, opcode: 2, &found)
      case .ping(let view): found.append(RawFrame(opcode: 9, payload: view.array))
      case .pong(let view): found.append(RawFrame(opcode: 10, payload: view.array))
      case .skipped: throw FuzzFailure("a reader that skips nothing skipped a message")
      case .close, .violation: isOver = true
      }
    }
  }

  private mutating func take(_ view: ByteView, opcode: UInt8, _ found: inout [RawFrame]) throws(FuzzFailure) {
    try check.check(view)
    found.append(RawFrame(opcode: opcode, payload: view.array))
    messages += 1
  }

  /// All that was sent was found, up to the first text that is no UTF-8.
  private func compare(_ found: [RawFrame], _ expected: [RawFrame]) throws(FuzzFailure) {
    var expected = expected[...]
    if let bad = expected.firstIndex(where: { $0.isText && String(validating: $0.payload, as: UTF8.self) == nil }) {
      // Control frames between the fragments of the bad one may or may not be reached.
      let before = expected[..<bad]
      let certain = before.lastIndex { $0.opcode < 8 }.map { before[...$0] } ?? []
      guard found.count >= certain.count, found.count <= before.count, found.elementsEqual(before.prefix(found.count))
      else {
        throw FuzzFailure("the reader found \(found.count) of at least \(certain.count) messages before bad UTF-8")
      }
      return
    }
    expected = expected[...]
    guard found.elementsEqual(expected) else {
      throw FuzzFailure(
        "the reader found \(found.count) messages and control frames of \(expected.count), or changed one")
    }
  }
}

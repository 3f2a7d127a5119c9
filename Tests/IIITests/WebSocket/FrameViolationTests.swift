import III
import Testing

/// The violations that end a connection: each rule with its close code, in both roles.
@Suite struct FrameViolationTests {
  /// Frames with the mask that a peer of the given role would use.
  private static func masked(_ frames: [WireFrame], _ role: WebSocketRole) -> [UInt8] {
    frames.flatMap { frame in
      var frame = frame
      if role == .client { frame.mask = nil }
      return frame.bytes
    }
  }

  private func expect(_ code: UInt16, _ frames: WireFrame..., location: SourceLocation = #_sourceLocation) {
    for role in [WebSocketRole.server, .client] {
      let bytes = Self.masked(frames, role)
      #expect(read(bytes, as: role).map(\.closeCode) == [code], "as \(role)", sourceLocation: location)
      let single = read(bytes, as: role, cuts: Array(0..<bytes.count))
      #expect(single.map(\.closeCode) == [code], "as \(role), byte by byte", sourceLocation: location)
    }
  }

  @Test(arguments: [0x10, 0x20, 0x40, 0x70] as [UInt8]) func reservedBits(bits: UInt8) {
    expect(1002, WireFrame(1, [65], reserved: bits))
    expect(1002, WireFrame(9, reserved: bits))
  }

  @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] as [UInt8]) func reservedOpcodes(opcode: UInt8) {
    expect(1002, WireFrame(opcode))
    expect(1002, WireFrame(opcode, [1], fin: false))
  }

  @Test(arguments: [8, 9, 10] as [UInt8]) func controlFramesFragmentedOrLong(opcode: UInt8) {
    expect(1002, WireFrame(opcode, fin: false))
    expect(1002, WireFrame(opcode, [UInt8](repeating: 0x41, count: 126)))
    var long = WireFrame(opcode)
    long.lengthBytes = 2
    expect(1002, long)
  }

  @Test func continuationOfNothing() {
    expect(1002, .more("x", fin: true))
    expect(1002, .more("", fin: false))
  }

  @Test func continuationAfterAWholeMessage() {
    #expect(read(wire(.text("x"), .more("y", fin: true))).last?.closeCode == 1002)
    #expect(read(wire(.text("x", fin: false), .more("y", fin: true), .more("z", fin: true))).last?.closeCode == 1002)
  }

  @Test func newMessageWithinAMessage() {
    expect(1002, .text("x", fin: false), .text("y"))
    expect(1002, .text("x", fin: false), WireFrame(2, [], fin: false))
    expect(1002, .text("", fin: false), .text(""))
  }

  @Test func masks() {
    #expect(read(wire(.text("x", mask: nil))).map(\.closeCode) == [1002])
    #expect(read(wire(.text("x")), as: .client).map(\.closeCode) == [1002])
    #expect(read(wire(WireFrame(9, mask: nil))).map(\.closeCode) == [1002])
    #expect(read(wire(WireFrame(9)), as: .client).map(\.closeCode) == [1002])
  }

  @Test func twoBytesOfAHeaderSuffice() {
    #expect(read(Array(wire(.text("x", mask: nil))[..<2])).map(\.closeCode) == [1002])
    #expect(read([0xC1, 0x85]).map(\.closeCode) == [1002])
    #expect(read([0x83, 0x80]).map(\.closeCode) == [1002])
  }

  @Test(arguments: [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535] as [UInt16])
  func forbiddenCloseCodes(code: UInt16) {
    #expect(!CloseReason.isAllowed(code))
    expect(1002, WireFrame(8, [UInt8(code >> 8), UInt8(code & 255)]))
  }

  @Test(
    arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
      as [UInt16])
  func allowedCloseCodes(code: UInt16) {
    #expect(read(wire(WireFrame(8, [UInt8(code >> 8), UInt8(code & 255)]))) == [.close(CloseReason(code: code))])
  }

  @Test func closePayloads() {
    expect(1002, WireFrame(8, [3]))
    expect(1007, WireFrame(8, [3, 232, 0xCE, 0xBA, 0xE1, 0xBD]))
    expect(1007, WireFrame(8, [3, 232, 0xED, 0xA0, 0x80]))
    #expect(read(wire(WireFrame(8, [3, 232] + [UInt8](repeating: 0x61, count: 123)))).first?.closeCode == nil)
  }

  @Test func textThatIsNoUTF8() {
    expect(1007, WireFrame(1, [0x61, 0xFF]))
    expect(1007, WireFrame(1, [0xED, 0xA0, 0x80]))
    expect(1007, WireFrame(1, [0xC3]))
    expect(1007, WireFrame(1, [0xC3], fin: false), WireFrame(0, [0x28]))
    expect(1007, WireFrame(1, [0xC3], fin: false), WireFrame(0, []))
    // ASCII does not complete an incomplete character.
    expect(1007, WireFrame(1, [0xE2, 0x82], fin: false), WireFrame(0, Array("plain".utf8)))
    expect(1007, WireFrame(1, [0xE2, 0x82], fin: false), .more("plain", fin: false), WireFrame(0, [0xAC]))
    #expect(read(wire(WireFrame(1, [0xE2, 0x82], fin: false), .more("plain", fin: false))).map(\.closeCode) == [1007])
    #expect(read(wire(WireFrame(2, [0xFF, 0xC3]))) == [.binary([0xFF, 0xC3])])
  }

  @Test func aWrongByteIsFoundBeforeTheMessageEnds() {
    let frame = WireFrame(1, Array("κόσμε".utf8) + [0xF4, 0x90, 0x80, 0x80] + Array("edited".utf8)).bytes
    // Header and mask key have 6 bytes; the second byte of the invalid sequence is the 12th of the text.
    #expect(read(Array(frame[..<(6 + 11)])).isEmpty)
    #expect(read(Array(frame[..<(6 + 12)])).map(\.closeCode) == [1007])
    let fragment = wire(WireFrame(1, [0x61, 0xFF], fin: false))
    #expect(read(fragment).map(\.closeCode) == [1007])
  }

  @Test func lengthWithItsHighestBit() {
    var frame = WireFrame(2)
    frame.announced = 1 << 63
    expect(1002, frame)
    frame.announced = .max
    expect(1002, frame)
    frame.announced = UInt64(Int64.max)
    expect(1009, frame)
  }
}

import III
import Testing

/// The limits are exact to the byte, and are checked from the header alone.
@Suite struct FrameLimitTests {
  private let limits = FrameLimits(maxFrameBytes: 100, maxMessageBytes: 250)

  private func part(_ opcode: UInt8, _ count: Int, fin: Bool) -> WireFrame {
    WireFrame(opcode, [UInt8](repeating: 0x61, count: count), fin: fin)
  }

  @Test func frame() {
    #expect(read(wire(part(2, 100, fin: true)), limits: limits).count == 1)
    #expect(read(wire(part(2, 101, fin: true)), limits: limits).map(\.closeCode) == [1009])
    #expect(read(Array(wire(part(2, 101, fin: true))[..<6]), limits: limits).map(\.closeCode) == [1009])
    #expect(read(wire(part(1, 10, fin: false), part(0, 101, fin: true)), limits: limits).map(\.closeCode) == [1009])
  }

  @Test func message() {
    let most = [part(1, 100, fin: false), part(0, 100, fin: false)]
    let whole = most + [part(0, 50, fin: true)]
    #expect(read(whole.flatMap(\.bytes), limits: limits) == [.text(String(repeating: "a", count: 250))])
    let above = most + [part(0, 51, fin: true)]
    #expect(read(above.flatMap(\.bytes), limits: limits).map(\.closeCode) == [1009])
    // The header of the third fragment is enough.
    #expect(
      read(most.flatMap(\.bytes) + part(0, 51, fin: false).bytes[..<6], limits: limits).map(\.closeCode) == [1009])
    // The size of the next message starts at zero.
    #expect(read((whole + whole).flatMap(\.bytes), limits: limits).count == 2)
  }

  @Test func messageLimitBelowFrameLimit() {
    let limits = FrameLimits(maxFrameBytes: 100, maxMessageBytes: 60)
    #expect(read(wire(part(1, 60, fin: true)), limits: limits).count == 1)
    #expect(read(wire(part(1, 61, fin: true)), limits: limits).map(\.closeCode) == [1009])
  }

  @Test func controlFramesDoNotCount() {
    let bytes = wire(
      part(1, 100, fin: false), part(9, 125, fin: true), part(0, 100, fin: false), part(0, 50, fin: true))
    #expect(read(bytes, limits: limits).count == 2)
    #expect(
      read(wire(WireFrame(9, [1, 2])), limits: FrameLimits(maxFrameBytes: 1, maxMessageBytes: 1)) == [.ping([1, 2])])
  }

  @Test func defaults() {
    func header(_ announced: Int, opcode: UInt8 = 2, fin: Bool = true) -> [UInt8] {
      var frame = WireFrame(opcode, fin: fin)
      frame.announced = UInt64(announced)
      return frame.bytes
    }
    #expect(read(header(16 << 20)).isEmpty)
    #expect(read(header((16 << 20) + 1)).map(\.closeCode) == [1009])
  }
}

import III
import Testing

@Suite struct FrameReaderTests {
  @Test func takesWholeFrames() {
    let bytes = wire(.text("{}"), WireFrame(2, [0, 255]), WireFrame(9, [1]), WireFrame(10), .text(""))
    #expect(read(bytes) == [.text("{}"), .binary([0, 255]), .ping([1]), .pong([]), .text("")])
  }

  @Test func takesUnmaskedFramesAsClient() {
    let bytes = wire(.text("é", mask: nil), WireFrame(2, [0, 255], mask: nil), WireFrame(9, [1], mask: nil))
    #expect(read(bytes, as: .client) == [.text("é"), .binary([0, 255]), .ping([1])])
  }

  @Test func assemblesFragmentsAroundControlFrames() {
    let bytes = wire(
      .text("a€", fin: false), WireFrame(9, [7]), .more("", fin: false), WireFrame(10), .more("b", fin: true))
    #expect(read(bytes) == [.ping([7]), .pong([]), .text("a€b")])
  }

  @Test func assemblesAMessageOfEmptyFragments() {
    let bytes = wire(.text("", fin: false), .more("", fin: false), .more("", fin: true), .text("next"))
    #expect(read(bytes) == [.text(""), .text("next")])
  }

  @Test func takesACharacterThatFragmentsDivide() {
    let bytes = wire(WireFrame(1, [0xF0, 0x9F], fin: false), WireFrame(9), WireFrame(0, [0x98, 0x80]))
    #expect(read(bytes) == [.ping([]), .text("😀")])
  }

  @Test(arguments: [0, 1, 125, 126, 127, 65535, 65536, 70000]) func takesEveryFormOfLength(count: Int) {
    let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
    #expect(read(wire(WireFrame(2, payload), .text("."))) == [.binary(payload), .text(".")])
  }

  @Test(arguments: [2, 8]) func takesLengthsThatCouldBeShorter(lengthBytes: Int) {
    var frame = WireFrame.text("short")
    frame.lengthBytes = lengthBytes
    #expect(read(frame.bytes) == [.text("short")])
  }

  @Test func lendsAWholeFrameWithoutACopy() {
    let bytes = wire(.text("in place"))
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    var reader = FrameReader(role: .server)
    reader.append(memory)
    guard case .text(let view) = reader.next(), let base = memory.baseAddress else {
      Issue.record("no text came")
      return
    }
    #expect(view.unsafeBytes.baseAddress == UnsafeRawPointer(base + 6))
    #expect(view == "in place")
    let end = reader.next()
    #expect(end == nil)
    #expect(reader.allocatedBytes == 0)
  }

  @Test func countsWhatItKeepsAside() {
    var reader = FrameReader(role: .server)
    let frame = WireFrame.text("0123456789").bytes
    #expect(feed(Array(frame[..<5]), to: &reader).isEmpty)
    #expect(reader.bufferedBytes == 5)
    #expect(feed(Array(frame[5..<9]), to: &reader).isEmpty)
    #expect(reader.bufferedBytes == 3)
    #expect(feed(Array(frame[9...]), to: &reader) == [.text("0123456789")])
    #expect(reader.bufferedBytes == 0)
  }

  @Test func allocatesByWhatCameNotByWhatWasAnnounced() {
    var reader = FrameReader(role: .server)
    var frame = WireFrame(2, [UInt8](repeating: 1, count: 10))
    frame.announced = 16 << 20
    #expect(feed(frame.bytes, to: &reader).isEmpty)
    #expect(reader.allocatedBytes <= 4096)
    for received in stride(from: 10 + 50_000, through: 500_010, by: 50_000) {
      #expect(feed([UInt8](repeating: 1, count: 50_000), to: &reader).isEmpty)
      #expect(reader.bufferedBytes == received)
      #expect(reader.allocatedBytes <= 2 * received)
    }
  }

  @Test func growsGeometricallyUnderManyFragments() {
    var reader = FrameReader(role: .server)
    let piece = WireFrame(0, [UInt8](repeating: 1, count: 1000), fin: false).bytes
    #expect(feed(WireFrame(2, fin: false).bytes, to: &reader).isEmpty)
    var growths = 0
    var allocated = 0
    for count in 1...1000 {
      #expect(feed(piece, to: &reader).isEmpty)
      if reader.allocatedBytes != allocated { growths += 1 }
      allocated = reader.allocatedBytes
      #expect(allocated <= max(4096, 2 * 1000 * count))
    }
    #expect(growths <= 12)
  }

  @Test func releasesALargeMessage() {
    var reader = FrameReader(role: .server)
    let frame = WireFrame(2, [UInt8](repeating: 1, count: 100_000)).bytes
    #expect(feed(Array(frame[..<50_000]), to: &reader).isEmpty)
    #expect(feed(Array(frame[50_000...]), to: &reader).count == 1)
    #expect(reader.allocatedBytes == 0)
    // A small buffer is kept: the next frame that is split costs no allocation.
    let small = WireFrame.text("small").bytes
    #expect(feed(Array(small[..<8]), to: &reader).isEmpty)
    #expect(feed(Array(small[8...]), to: &reader) == [.text("small")])
    #expect((1...4096).contains(reader.allocatedBytes))
  }

  @Test func closesWithCodeAndReason() {
    #expect(read(wire(WireFrame(8))) == [.close(CloseReason(code: nil))])
    #expect(read(wire(WireFrame(8, [0x03, 0xE8]))) == [.close(CloseReason(code: 1000))])
    #expect(
      read(wire(WireFrame(8, [0x0F, 0xA0] + Array("tschüß".utf8)))) == [
        .close(CloseReason(code: 4000, reason: "tschüß"))
      ])
  }

  @Test func nothingCountsAfterAClose() {
    var reader = FrameReader(role: .server)
    #expect(
      feed(wire(.text("before"), WireFrame(8), .text("after")), to: &reader) == [
        .text("before"), .close(CloseReason(code: nil)),
      ])
    #expect(feed(wire(.text("later")), to: &reader).isEmpty)
    #expect(reader.bufferedBytes == 0)
  }

  @Test func nothingCountsAfterAViolation() {
    var reader = FrameReader(role: .server)
    let events = feed(wire(.text("part", fin: false), WireFrame(3), .text("after")), to: &reader)
    #expect(events.map(\.closeCode) == [1002])
    #expect(feed(wire(.more("later", fin: true)), to: &reader).isEmpty)
    #expect(reader.allocatedBytes == 0)
  }
}

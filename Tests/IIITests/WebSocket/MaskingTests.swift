import III
import TestSupport
import Testing

@Suite struct MaskingTests {
  @Test func agreesWithANaiveLoopAtEveryAlignmentAndLength() {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 64)
    defer { memory.deallocate() }
    var generator = SeededGenerator(seed: 7)
    for alignment in 0..<16 {
      for count in 0...100 {
        let key = generator.bytes(4)
        let before = generator.bytes(256)
        memory.copyBytes(from: before)
        var expected = before
        for index in 0..<count { expected[alignment + index] ^= key[index % 4] }
        FrameEncoder.mask(
          UnsafeMutableRawBufferPointer(rebasing: memory[alignment..<alignment + count]),
          key: key.withUnsafeBytes { $0.load(as: UInt32.self) })
        if !memory.elementsEqual(expected) { Issue.record("alignment \(alignment), \(count) bytes") }
      }
    }
  }

  @Test func copiesMaskedAtEveryLength() {
    var generator = SeededGenerator(seed: 8)
    for count in 0...100 {
      let key = generator.bytes(4)
      let payload = generator.bytes(count)
      let frame = payload.withView {
        FrameEncoder.frame(.binary, $0, maskKey: key.withUnsafeBytes { $0.load(as: UInt32.self) })
      }
      #expect(frame == WireFrame(2, payload, mask: key).bytes)
    }
  }
}

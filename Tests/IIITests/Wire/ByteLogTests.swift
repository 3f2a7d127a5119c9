import TestSupport
import Testing

@testable import III

@Suite struct ByteLogTests {
  @Test("what was appended is found at its position until it is discarded, and the memory is used again")
  func ring() throws {
    let log = ByteLog(chunkBytes: 64)
    var kept = FIFO<(position: UInt64, bytes: [UInt8])>()
    var random = SeededGenerator(seed: 7)
    for _ in 0..<10_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      kept.append((bytes.withView { log.append($0) }, bytes))
      if kept.count > 20 {
        _ = kept.popFirst()
        if let oldest = kept.first { log.discard(before: oldest.position) }
      }
      kept.forEach { one in
        #expect(log.bytes(at: one.position, count: one.bytes.count)?.array == one.bytes)
        return true
      }
    }
    #expect(log.allocatedBytes <= 20 * 64)
  }

  @Test("a byte string above the size of a chunk gets a chunk of its own")
  func large() {
    let log = ByteLog(chunkBytes: 16)
    let large = [UInt8](repeating: 1, count: 100)
    let first = large.withView { log.append($0) }
    let second = log.append(3) { $0.append("abc") }
    #expect(log.bytes(at: first, count: 100)?.array == large)
    #expect(log.bytes(at: second, count: 3)?.string == "abc")
    log.removeAll()
    #expect(log.allocatedBytes == 0)
    #expect(log.bytes(at: first, count: 100) == nil)
  }
}

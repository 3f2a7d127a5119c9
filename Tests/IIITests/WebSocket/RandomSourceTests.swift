import III
import Testing

@Suite struct RandomSourceTests {
  @Test func keysDoNotRepeat() {
    var one = RandomSource()
    var other = RandomSource()
    var seen: Set<UInt32> = []
    for _ in 0..<3000 {
      seen.insert(one.maskKey())
      seen.insert(other.maskKey())
    }
    // Two of 6,000 are equal by chance once in 240 runs, three pairs once in 80 million.
    #expect(seen.count >= 5997)
  }

  @Test func wordsAndKeysShareNoBits() {
    var source = RandomSource()
    var words: Set<UInt64> = []
    for _ in 0..<2000 { words.insert(source.next()) }
    #expect(words.count == 2000)
  }

  @Test func bytesHaveTheirCount() {
    #expect(RandomSource.bytes(0).isEmpty)
    #expect(RandomSource.bytes(16).count == 16)
    #expect(RandomSource.bytes(16) != RandomSource.bytes(16))
    let many = RandomSource.bytes(100_000)
    #expect(Set(many).count == 256)
  }
}

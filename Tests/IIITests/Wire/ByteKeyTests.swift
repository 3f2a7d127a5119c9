import TestSupport
import Testing

@testable import III

@Suite struct ByteKeyTests {
  @Test("canonically equivalent texts are different keys") func canonicalEquivalents() {
    let (composed, decomposed): (ByteKey, ByteKey) = ("caf\u{e9}", "cafe\u{301}")
    #expect(composed.text == decomposed.text && composed != decomposed)
    #expect(Set([composed, decomposed, composed]).count == 2)
    #expect([composed: 1, decomposed: 2][decomposed] == 2)
  }

  @Test("a prefix ends between bytes, not between characters") func prefixes() {
    #expect(ByteKey("engine::\u{301}x").hasPrefix("engine::"))
    #expect(!ByteKey("caf\u{e9}x").hasPrefix("cafe\u{301}"))
    #expect(ByteKey("a").hasPrefix("") && ByteKey("").hasPrefix("") && !ByteKey("").hasPrefix("a"))
  }

  @Test("keys are compared and ordered by their bytes", arguments: 0..<10) func order(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let letters = ["a", "b", "e", "\u{301}", "\u{e9}", "\u{1F600}"]
    for _ in 0..<500 {
      let shared = (0..<random.below(20)).map { _ in letters[random.below(6)] }.joined()
      let (a, b) = (shared + letters[random.below(6)], shared + letters[random.below(6)] + "a")
      let bytes = (Array(a.utf8), Array(b.utf8))
      #expect((ByteKey(a) < ByteKey(b)) == bytes.0.lexicographicallyPrecedes(bytes.1))
      #expect((ByteKey(b) < ByteKey(a)) == bytes.1.lexicographicallyPrecedes(bytes.0))
      #expect((ByteKey(a) == ByteKey(b)) == (bytes.0 == bytes.1) && ByteKey(a) == ByteKey(a))
    }
  }
}

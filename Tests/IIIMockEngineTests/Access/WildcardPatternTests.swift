import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct WildcardPatternTests {
  @Test(
    "a star matches any text, also none and across ::",
    arguments: [
      ("engine::*", "engine::foo", true), ("engine::*", "engine::bar::baz", true), ("engine::*", "engine::", true),
      ("engine::*", "other::foo", false), ("*::public", "api::public", true), ("*::public", "x::y::public", true),
      ("*::public", "api::private", false), ("*public*", "public", true), ("*public*", "mypublicfn", true),
      ("*public*", "private", false), ("api::*::read", "api::users::read", true),
      ("api::*::read", "api::users::write", false), ("api::*::read", "api::read", false), ("*", "", true),
      ("*", "anything", true), ("exact", "exact", true), ("exact", "exactly", false), ("", "", true), ("", "a", false),
      ("a*a", "a", false), ("a*a", "aa", true), ("**", "x", true), ("a**b", "ab", true), ("*ab*ab*", "aab", false),
      ("f?", "fx", false), ("[ab]", "a", false), ("A", "a", false), ("caf\u{E9}", "cafe\u{301}", false),
    ])
  func table(pattern: String, id: String, expected: Bool) {
    #expect(WildcardPattern(pattern).matches(id) == expected)
  }

  @Test("random patterns match exactly what a recursive definition matches")
  func agreesWithTheDefinition() {
    func matches(_ pattern: ArraySlice<UInt8>, _ id: ArraySlice<UInt8>) -> Bool {
      guard let first = pattern.first else { return id.isEmpty }
      if first == UInt8(ascii: "*") {
        return matches(pattern.dropFirst(), id) || (!id.isEmpty && matches(pattern, id.dropFirst()))
      }
      return id.first == first && matches(pattern.dropFirst(), id.dropFirst())
    }
    var random = SeededGenerator(seed: 11)
    for _ in 0..<5000 {
      let pattern = (0..<random.below(9)).map { _ in random.pick(["a", "b", "*"]) }.joined()
      let id = (0..<random.below(12)).map { _ in random.pick(["a", "b"]) }.joined()
      #expect(
        WildcardPattern(pattern).matches(id) == matches(ArraySlice(pattern.utf8), ArraySlice(id.utf8)),
        "\(pattern) against \(id)")
    }
  }

  @Test("a pattern built to backtrack is matched in linear time", .timeLimit(.minutes(5)))
  func noBacktracking() {
    let pattern = WildcardPattern(String(repeating: "*" + String(repeating: "a", count: 500) + "b", count: 20) + "*")
    let id = String(repeating: "a", count: 200_000)
    for _ in 0..<5 { #expect(!pattern.matches(id)) }
  }
}

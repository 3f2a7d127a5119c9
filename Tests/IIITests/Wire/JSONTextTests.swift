import Testing

@testable import III

@Suite struct JSONTextTests {
  @Test(arguments: [
    ("", "\"\""), ("a", "\"a\""), ("\"\\/", "\"\\\"\\\\/\""), ("\u{8}\u{c}\n\r\t", "\"\\b\\f\\n\\r\\t\""),
    ("\0\u{1}\u{1f}\u{b}", "\"\\u0000\\u0001\\u001f\\u000b\""), ("\u{7f}\u{2028}é😀", "\"\u{7f}\u{2028}é😀\""),
    ("0123456\n89abcdef\"", "\"0123456\\n89abcdef\\\"\""),
  ])
  func quotesByTheWiresRules(text: String, json: String) {
    #expect(String(decoding: JSONText.quoted(text), as: UTF8.self) == json)
    check(text)
  }

  @Test func everyScalarBelow0x300ComesBack() {
    for value in 0..<0x300 as Range<UInt32> {
      for padding in 0..<9 {
        let scalar = Unicode.Scalar(value).map(Character.init) ?? " "
        check(String(repeating: "x", count: padding) + String(scalar) + "yz")
      }
    }
  }

  private func check(_ text: String) {
    let quoted = JSONText.quoted(text)
    #expect(JSONText.quotedCount(text) == quoted.count)
    var written = [UInt8](repeating: 0, count: quoted.count)
    written.withUnsafeMutableBytes { memory in ByteWriter.fill(memory) { JSONText.write(text, into: &$0) } }
    #expect(written == quoted)
    #expect(quoted.withView { JSONText.unquote($0) } == text)
  }

  @Test(arguments: [
    (#""\u0041\u00e9\u20AC""#, "Aé€"), (#""\ud83d\ude00""#, "😀"), (#""\uD83D\uDE00x""#, "😀x"), (#""\/\b""#, "/\u{8}"),
    (#""\ud800""#, "\u{FFFD}"), (#""\udc00""#, "\u{FFFD}"), (#""\ud800\ud800""#, "\u{FFFD}\u{FFFD}"),
    (#""\ud800\u0041""#, "\u{FFFD}A"), (#""\ud800x""#, "\u{FFFD}x"), (#""\udc00\ud800""#, "\u{FFFD}\u{FFFD}"),
    (#""\ud800\n""#, "\u{FFFD}\n"), (#""a\\u0041""#, #"a\u0041"#), (#""\u0000""#, "\0"),
  ])
  func unquotes(json: String, text: String) {
    #expect(Array(json.utf8).withView { JSONText.unquote($0) } == text)
  }

  @Test func comparesHoweverSpelled() {
    func matches(_ json: String, _ text: StaticString) -> Bool {
      Array(json.utf8).withView { JSONText.matches($0, text) }
    }
    #expect(matches(#""type""#, "type"))
    #expect(matches(#""ty\u0070e""#, "type"))
    #expect(matches(#""""#, ""))
    #expect(!matches(#""Type""#, "type"))
    #expect(!matches(#""typ""#, "type"))
    #expect(!matches(#""types""#, "type"))
    #expect(!matches(#""ty\u0071e""#, "type"))
  }
}

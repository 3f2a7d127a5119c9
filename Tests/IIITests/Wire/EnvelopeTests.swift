import Testing

@testable import III

@Suite struct EnvelopeTests {
  func scan(_ text: String, maxDepth: Int = 127) throws -> [String: String] {
    try Array(text.utf8).withView { bytes in
      let envelope = try Envelope.scan(bytes, maxDepth: maxDepth)
      var members: [String: String] = [:]
      for field in Envelope.Field.allCases where envelope[field].isPresent {
        members["\(field.name)"] = bytes[envelope[field]].string
      }
      return members
    }
  }

  @Test func findsEveryFieldAndOnlyThose() throws {
    for field in Envelope.Field.allCases {
      #expect(try scan("{ \"x\" : 1 , \"\(field.name)\" : [ 2 ] }") == ["\(field.name)": "[ 2 ]"])
      #expect(try scan("{\"\(field.name)x\":1,\"X\(field.name)\":2}") == [:])
      let escaped = field.name.description.unicodeScalars.map { "\\u00" + String($0.value, radix: 16) }.joined()
      #expect(try scan("{\"\(escaped)\":null}") == ["\(field.name)": "null"])
    }
  }

  @Test func kindsAreKnownByTheirType() throws {
    for kind in FrameKind.allCases {
      let found = try Array("{\"data\":1,\"type\":\"\(kind.name)\"}".utf8).withView {
        try Envelope.scan($0, maxDepth: 127).kind
      }
      #expect(found == kind)
    }
  }

  @Test func repeatedFieldsAreMarked() throws {
    try Array(#"{"id":1,"x":1,"x":2,"data":1,"id":2}"#.utf8).withView { bytes in
      let envelope = try Envelope.scan(bytes, maxDepth: 127)
      #expect(envelope.isRepeated(.id) && !envelope.isRepeated(.data) && !envelope.isRepeated(.type))
    }
  }

  static let sound = [
    "{}", " { } ", #"{"a":[]}"#, #"{"a":[{},[],"",0,-0,1.5e-7,true,false,null]}"#, #"{"é":"日本語😀"}"#,
    #"{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\ud800"}"#, #"{"a":1e400,"b":1000000000000000000000000000000}"#,
    "{\"a\":\"\u{7F}\u{2028}\"}", #"{"":{"":""}}"#,
  ]
  static let unsound = [
    "", "{", "}", "{]", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{,"a":1}"#, #"{"a":1 "b":2}"#, #"{"a":01}"#,
    #"{"a":-}"#, #"{"a":1.}"#, #"{"a":.5}"#, #"{"a":1e}"#, #"{"a":+1}"#, #"{"a":tru}"#, #"{"a":True}"#, #"{"a":NaN}"#,
    #"{"a":"\x"}"#, #"{"a":"\u12g4"}"#, #"{"a":"\u12"}"#, "{\"a\":\"\u{1}\"}", #"{"a":"}"#, #"{'a':1}"#, #"{a:1}"#,
    #"{"a":[1,]}"#, #"{"a":[1 2]}"#, #"{"a":[}"#, #"{"a":1}}"#, #"{"a":1}{"#, #"{"a":/**/1}"#, #"{"a":1]"#,
  ]

  @Test(arguments: sound) func isJSON(text: String) throws { _ = try scan(text) }

  @Test(arguments: unsound) func isNoJSON(text: String) {
    #expect(throws: Envelope.Failure.self) { try scan(text) }
  }

  /// Every truncated text is invalid, and nothing beyond its end is read.
  @Test(arguments: sound) func everyPrefixIsUnsound(text: String) {
    let whole = Array(text.utf8)
    let end = (whole.lastIndex(of: 0x7D) ?? 0)
    for count in 0..<end {
      _ = Array(whole[..<count]).withView { bytes in
        #expect(throws: Envelope.Failure.self) { _ = try Envelope.scan(bytes, maxDepth: 127) }
      }
    }
  }

  @Test(
    arguments: [
      [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22],
      [0x22, 0x80, 0x22], [0x22, 0xE0, 0x9F, 0xBF, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xF8, 0x88, 0x80, 0x80, 0x22],
    ] as [[UInt8]]) func stringsMustBeUTF8(value: [UInt8])
  {
    _ = (Array(#"{"a":"#.utf8) + value + [0x7D]).withView { bytes in
      #expect(throws: Envelope.Failure.self) { _ = try Envelope.scan(bytes, maxDepth: 127) }
    }
  }

  /// Strings are searched by words, long ones by several at once: special bytes are found at every position, and no others.
  @Test(arguments: [150, 149, 13]) func noByteOfAStringIsOverlooked(length: Int) throws {
    let head = Array(#"{"id":""#.utf8)
    var text = head + Array(repeating: UInt8(ascii: "x"), count: length) + Array(#"","code":1}"#.utf8)
    for place in head.count..<head.count + length {
      for byte in [0, 9, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x5B, 0x5C, 0x5D, 0x7E, 0x7F, 0x80, 0xA2, 0xC3, 0xFF] as [UInt8]
      {
        text[place] = byte
        let range = text.withView { bytes -> ByteRange? in
          guard let envelope = try? Envelope.scan(bytes, maxDepth: 127), envelope[.code].isPresent else { return nil }
          return envelope[.id]
        }
        let isPlain = (0x20..<0x80).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
        let whole = ByteRange(start: UInt32(head.count - 1), count: UInt32(length + 2))
        if range != (isPlain ? whole : nil) { Issue.record("byte \(byte) at \(place)") }
      }
      text[place] = UInt8(ascii: "x")
      guard place + 1 < head.count + length else { continue }
      for pair in [[0x5C, 0x6E], [0xC3, 0xA9]] as [[UInt8]] {
        text.replaceSubrange(place..<place + 2, with: pair)
        if text.withView({ (try? Envelope.scan($0, maxDepth: 127)) == nil }) { Issue.record("\(pair) at \(place)") }
        text.replaceSubrange(place..<place + 2, with: [0x78, 0x78])
      }
    }
  }

  @Test func depthIsLimitedAndCosts10000ArraysNothing() throws {
    func nested(_ n: Int) -> String {
      "{\"data\":" + String(repeating: "[", count: n) + String(repeating: "]", count: n) + "}"
    }
    _ = try scan(nested(126))
    #expect(throws: Envelope.Failure.notJSON(.tooDeep(at: 8 + 126))) { try scan(nested(127)) }
    _ = try scan(nested(1000), maxDepth: 1001)
    #expect(throws: Envelope.Failure.self) { try scan(nested(10_000), maxDepth: Envelope.workerMaxDepth) }
  }

  /// Mixed nesting across the words of the scanner's stack.
  @Test func closersMustMatch() throws {
    for depth in [1, 63, 64, 65, 127, 128, 129, 200] {
      let opened = (0..<depth).map { $0 % 3 == 0 ? #"{"k":"# : "[" }.joined()
      let closed = (0..<depth).reversed().map { $0 % 3 == 0 ? "}" : "]" }
      _ = try scan("{\"data\":\(opened)1\(closed.joined())}", maxDepth: 300)
      for wrong in 0..<depth {
        var closers = closed
        closers[wrong] = closers[wrong] == "}" ? "]" : "}"
        #expect(throws: Envelope.Failure.self) {
          try scan("{\"data\":\(opened)1\(closers.joined())}", maxDepth: 300)
        }
      }
    }
  }

  @Test(arguments: [
    (#"{"_caller_worker_id":1}"#, true), (#"{"a":{"_caller_worker_id":1}}"#, false), (#"["_caller_worker_id"]"#, false),
    (#"{"a":1,"\u005fcaller_worker_id":2}"#, true), (#"{"a":"_caller_worker_id"}"#, false), ("{}", false),
    (#"{"a":[1],"b":{},"_caller_worker_id":{}}"#, true),
  ]) func aForgedCallerIsNoticed(data: String, isNamed: Bool) throws {
    let named = try Array(#"{"type":"invokefunction","data":\#(data)}"#.utf8).withView {
      try Envelope.scan($0, maxDepth: 127).dataNamesCaller
    }
    #expect(named == isNamed)
  }

  @Test func membersOfObjectsAreWalked() throws {
    let text = #" { "a" : 1 , "b\n":[{"c":2}],"a":"x" } "#
    try Array(text.utf8).withView { bytes in
      var members = try #require(ObjectMembers(bytes))
      var seen: [String] = []
      while let member = members.next() { seen.append("\(member.rawKey.string)=\(member.value.string)") }
      #expect(seen == ["a=1", #"b\n=[{"c":2}]"#, #"a="x""#])
    }
    #expect(Array("[1]".utf8).withView { ObjectMembers($0) == nil })
  }
}

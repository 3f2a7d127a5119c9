import Testing

@testable import IIIMockEngine

@Suite struct YAMLTests {
  private func root(_ text: String) throws -> YAMLNode? {
    try YAMLComposer.root(of: Interpolation(Array(text.utf8), environment: Variables([:])))
  }

  @Test(arguments: [
    ("true", YAMLNode.Content.bool(true)), ("False", .bool(false)), ("TRUE", .bool(true)),
    ("yes", .string("yes")), ("on", .string("on")), ("n", .string("n")), ("tRUE", .string("tRUE")),
    ("null", .null), ("~", .null), ("Null", .null), ("", .null), ("nil", .string("nil")),
    ("0", .int(0)), ("-5", .int(-5)), ("+5", .int(5)), ("0x1F", .int(31)), ("0o17", .int(15)), ("3112", .int(3112)),
    ("017", .string("017")), ("1_000", .string("1_000")), ("0x", .string("0x")), ("0x-1", .string("0x-1")),
    ("0b1", .string("0b1")), ("12:30", .string("12:30")), ("--", .string("--")), ("+", .string("+")),
    ("9223372036854775807", .int(.max)), ("9223372036854775808", .double(9_223_372_036_854_775_808)),
    ("1.5", .double(1.5)), ("1.", .double(1)), (".5", .double(0.5)), ("-.5", .double(-0.5)), ("1e3", .double(1000)),
    ("1.5e-3", .double(0.0015)), ("+1.5", .double(1.5)), ("1e", .string("1e")), (".", .string(".")),
    ("e3", .string("e3")), ("1.2.3", .string("1.2.3")), ("1e999", .double(.infinity)), ("nan", .string("nan")),
    ("inf", .string("inf")), (".inf", .double(.infinity)), ("-.INF", .double(-.infinity)), ("0x1p3", .string("0x1p3")),
    ("\"3112\"", .string("3112")), ("'true'", .string("true")), ("\"\"", .string("")), ("|\n  5", .string("5")),
    ("!!str 5", .string("5")), ("!!int \"5\"", .int(5)), ("! 5", .string("5")), ("!mine 5", .string("5")),
    ("!!null ''", .null),
  ])
  func scalars(text: String, expected: YAMLNode.Content) throws {
    let value = try #require(try root("key: " + text)?["key"])
    #expect(value.content == expected)
  }

  @Test func treeHasPlaces() throws {
    let node = try #require(try root("# comment\nworkers:\n  - name: a\n    list: [1, {x: y}]\n"))
    guard case .sequence(let entries) = node["workers"]?.content else { Issue.record("no sequence"); return }
    #expect(entries[0].position == SourcePosition(line: 3, column: 5))
    #expect(entries[0].member("list")?.position == SourcePosition(line: 4, column: 5))
    guard case .sequence(let list) = entries[0]["list"]?.content else { Issue.record("no list"); return }
    #expect(list[1].position == SourcePosition(line: 4, column: 15))
    #expect(list[1]["x"]?.position == SourcePosition(line: 4, column: 19))
  }

  @Test(arguments: ["", "# only\n# comments\n", "---", "---\n...\n", "null", "\u{FEFF}", "\n\n"])
  func nothing(text: String) throws {
    let bytes = try ConfigurationText.validated(Array(text.utf8))
    let node = try YAMLComposer.root(of: Interpolation(bytes, environment: Variables([:])))
    #expect(node?.isNull ?? true)
  }

  @Test func aliasesStandForWhatTheyName() throws {
    let node = try #require(try root("a: &x {p: 1}\nb: *x\nc: &y text\nd: [*y]\n&k key: 1\ne: *k"))
    #expect(node["b"]?["p"]?.content == .int(1))
    #expect(node["b"]?.position == SourcePosition(line: 2, column: 4))
    guard case .sequence(let list) = node["d"]?.content else { Issue.record("no sequence"); return }
    #expect(list.first?.content == .string("text"))
    #expect(node["e"]?.content == .string("key"))
  }

  @Test(arguments: [
    ("a: [1, 2", 1, 9, "did not find expected ',' or ']'"),
    ("a: 1\n\tb: 2", 2, 1, "found a tab character that violates indentation"),
    ("a: 1\n b: 2", 2, 3, "mapping values are not allowed in this context"),
    ("a: \"open", 1, 9, "found unexpected end of stream"),
    ("a: @x", 1, 4, "found character that cannot start any token"),
    ("- a\nb: 1", 2, 1, "did not find expected '-' indicator"),
    ("a: 1\na: 2", 2, 1, "duplicate field `a`"),
    ("a: 1\n\"a\": 2", 2, 1, "duplicate field `a`"),
    ("x: {a: 1, b: 2, a: 3}", 1, 17, "duplicate field `a`"),
    ("a: 1\n---\nb: 2", 2, 1, "more than one document"),
    ("? [a]\n: 1", 1, 3, "a key is a plain text"),
    ("port: {{ .Values.port }}", 1, 8, "a key is a plain text"),
    ("a: *b", 1, 4, "unknown anchor `b`"),
    ("a: &b [*b]", 1, 8, "unknown anchor `b`"),
    ("a: ä\u{1}", 1, 5, "control characters are not allowed"),
    ("ä: ö\nb: \u{0}", 2, 4, "control characters are not allowed"),
    ("%YAML 3.0\n---\na: 1", 1, 1, "found incompatible YAML document"),
  ])
  func errors(text: String, line: Int, column: Int, reason: String) {
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationFile.parse(text: text, path: "x.yaml", environment: Variables([:]))
    }
    #expect(error?.kind == .malformed)
    #expect(error?.message.contains(reason) == true, "\(String(describing: error))")
    #expect(error?.message.hasPrefix("Failed to parse config file 'x.yaml': ") == true)
    #expect(error?.position == SourcePosition(line: line, column: column))
  }

  @Test func aliasBombIsRefused() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      let names = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(names)]\n"
    }
    let error = #expect(throws: ConfigurationFault.self) { try root(text) }
    #expect(error?.reason.contains("more than 100000 values") == true)
    #expect(error?.position?.line == 5)
  }

  enum Nesting: CaseIterable {
    case flowSequences, flowMappings, blocks, aliases

    var text: String {
      switch self {
      case .flowSequences: return String(repeating: "[", count: 100_000)
      case .flowMappings: return String(repeating: "{a: ", count: 100_000)
      case .blocks: return (0..<200).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n")
      case .aliases:
        let open = String(repeating: "[", count: 40)
        let close = String(repeating: "]", count: 40)
        return "a: &a \(open)\(close)\nb: \(open)*a\(close)"
      }
    }
  }

  @Test(arguments: Nesting.allCases)
  func deepNestingIsRefused(_ nesting: Nesting) {
    let error = #expect(throws: ConfigurationFault.self) { try root(nesting.text) }
    #expect(error?.reason.hasPrefix("nested deeper than 64 levels") == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ([UInt8]("a: ".utf8) + [0xFF], 1, 4), ([UInt8]("a: 1\nä ".utf8) + [0xC3], 2, 3), ([0xE2, 0x82], 1, 1),
  ])
  func badUTF8(bytes: [UInt8], line: Int, column: Int) {
    let error = #expect(throws: ConfigurationFault.self) { try ConfigurationText.validated(bytes) }
    #expect(error?.position == SourcePosition(line: line, column: column))
  }

  @Test func sixteenBitTextsAreNamed() {
    let error = #expect(throws: ConfigurationFault.self) { try ConfigurationText.validated([0xFF, 0xFE, 0x61, 0]) }
    #expect(error?.reason == "the file is UTF-16")
  }
}
